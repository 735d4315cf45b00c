// SPDX-License-Identifier: AGPL-3.0-or-later

/// One write that an accepted event causes. All changes of one event are applied in one transaction, or none.
public enum StateChange: Sendable {
  case put(Table, key: [UInt8], value: [UInt8])
  /// A row that is not there yet; a fault when it is. Asked where it is written, so that nothing has to be looked up before.
  case insert(Table, key: [UInt8], value: [UInt8])
  case delete(Table, key: [UInt8])

  public var table: Table {
    switch self {
    case .put(let table, _, _), .insert(let table, _, _), .delete(let table, _): table
    }
  }
}
