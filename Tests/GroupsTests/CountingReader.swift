// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

@testable import Groups

/// A copy of a world's groups in memory that counts what is read: rows, whether asked for or visited.
final class CountingReader: StateReader {
  private typealias Row = (key: [UInt8], value: [UInt8])

  private var tables: [Table: [Row]] = [:]
  private var events: [EventID: KnownEvent] = [:]
  private(set) var reads = 0

  init(_ world: World) throws {
    let ids = world.accepted.map(\.id)
    var (tables, events) = ([Table: [Row]](), [EventID: KnownEvent]())
    try world.store.read { state in
      for table in GroupsState.tables {
        var rows: [Row] = []
        try state.scan(table, prefix: []) { key, value in
          rows.append((key, value))
          return true
        }
        tables[table] = rows
      }
      for id in ids { events[id] = try state.known(id) }
    }
    (self.tables, self.events) = (tables, events)
  }

  /// How many rows the decision about an event reads.
  static func reads(
    of event: VerifiedEvent, in world: World, received: UInt64, source: SourceType = .ip4, _ validator: GroupsValidator? = nil
  ) throws -> (reads: Int, verdict: Verdict?, refusal: String) {
    let reader = try CountingReader(world)
    let validator = validator ?? GroupsValidator(options: world.options)
    let circumstances = Circumstances(receivedAt: received, source: source)
    do {
      let typed = try validator.parse(event, in: circumstances, trace: nil)
      let verdict = try validator.decide(typed, in: circumstances, reading: reader, trace: nil)
      return (reader.reads, verdict, "")
    } catch let rejection as Rejection {
      return (reader.reads, nil, rejection.message)
    }
  }

  /// The first row that is not below a key.
  private func index(_ rows: [Row], _ key: [UInt8]) -> Int {
    var (low, high) = (0, rows.count)
    while low < high {
      let middle = low + (high - low) / 2
      if rows[middle].key.lexicographicallyPrecedes(key) { low = middle + 1 } else { high = middle }
    }
    return low
  }

  func value(_ table: Table, _ key: [UInt8]) -> [UInt8]? {
    reads += 1
    let rows = tables[table] ?? []
    let index = index(rows, key)
    return index < rows.count && rows[index].key == key ? rows[index].value : nil
  }

  func scan(_ table: Table, prefix: [UInt8], from start: [UInt8]?, _ visit: ([UInt8], [UInt8]) throws -> Bool) throws {
    reads += 1
    let rows = tables[table] ?? []
    var index = index(rows, start ?? prefix)
    while index < rows.count, rows[index].key.starts(with: prefix) {
      reads += 1
      if try !visit(rows[index].key, rows[index].value) { return }
      index += 1
    }
  }

  func last(_ table: Table, prefix: [UInt8], upTo key: [UInt8]) -> (key: [UInt8], value: [UInt8])? {
    reads += 1
    let rows = tables[table] ?? []
    var index = index(rows, key)
    if index < rows.count, rows[index].key == key { return rows[index] }
    index -= 1
    return index >= 0 && rows[index].key.starts(with: prefix) ? rows[index] : nil
  }

  func known(_ id: EventID) -> KnownEvent? {
    reads += 1
    return events[id]
  }

  func raw(_ id: EventID) -> [UInt8]? { nil }
  func isParked(_ id: EventID, by author: PublicKey) -> Bool { false }
  func isKnownAuthor(_ author: PublicKey) -> Bool { false }
}
