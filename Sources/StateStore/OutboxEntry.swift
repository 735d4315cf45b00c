// SPDX-License-Identifier: AGPL-3.0-or-later

/// What stands under a number of the outbox, for who lists it: a row that cannot be read is shown like the others.
public enum OutboxEntry: Sendable {
  case row(OutboxRow)
  /// Passed over by deliveries; `why` says what is wrong with it. `outbox drop` takes its number.
  case unreadable(sequence: UInt64, why: String)

  public var sequence: UInt64 {
    switch self {
    case .row(let row): row.sequence
    case .unreadable(let sequence, _): sequence
    }
  }

  /// Nil for a row that cannot be read.
  public var readable: OutboxRow? {
    if case .row(let row) = self { row } else { nil }
  }

  init(sequence: UInt64, decoding bytes: UnsafeRawBufferPointer) {
    do {
      self = .row(try OutboxRow(sequence: sequence, decoding: bytes))
    } catch {
      self = .unreadable(sequence: sequence, why: "\(error)")
    }
  }

  init(missing sequence: UInt64) { self = .unreadable(sequence: sequence, why: "an index names it, and it is not there") }
}
