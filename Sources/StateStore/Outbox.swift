// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Nostr
import Policy

/// The limits of the outbox.
public enum Outbox {
  /// Delivered rows are kept for 30 days.
  public static let deliveredSeconds: UInt64 = 30 * 86_400
  /// With the sink `none`, so many of the newest due rows are kept.
  public static let undeliveredRows = 100_000
  /// No back-off is longer: what is put off further was put off by a clock that was ahead, and is due.
  public static let longestDelayMilliseconds: UInt64 = 600_000
  /// Changed at most in one transaction of the worker or of a command, so that no request waits long for it.
  public static let rowsPerStep = 50
  /// One look for due rows passes at most so many that have to wait, so that a long queue does not stop the worker.
  static let maxWalkedRows = 100_000

  /// All rows together take at most a quarter of the map.
  static func limitBytes(mapBytes: Int) -> UInt64 { UInt64(max(0, mapBytes) / 4) }

  /// Whether a row waits for its next attempt. Both are Unix milliseconds.
  public static func isPutOff(until next: UInt64, at now: UInt64) -> Bool { next > now && next - now <= longestDelayMilliseconds }
}

/// How many follow-ups stand where.
public struct OutboxCounts: Sendable, Equatable {
  public var due = 0
  public var delivered = 0
  public var held = 0
  public var failed = 0
  /// Not delivered, and in none of the other numbers.
  public var unreadable = 0

  public init(due: Int = 0, delivered: Int = 0, held: Int = 0, failed: Int = 0, unreadable: Int = 0) {
    self.due = due
    self.delivered = delivered
    self.held = held
    self.failed = failed
    self.unreadable = unreadable
  }
}

extension StoreReader where Self: ~Copyable {
  /// The rows to deliver now, in order, at most `limit`. One that cannot be read is passed over.
  ///
  /// A row waits behind an earlier one of its subject that is put off to a later time. Within what is returned, several rows may be of one
  /// subject: when one cannot be delivered, the caller leaves the later ones of its subject.
  /// - Parameter now: Unix milliseconds.
  public func dueFollowUps(now: UInt64, limit: Int) throws -> [OutboxRow] {
    var due: [OutboxRow] = []
    var waiting: Set<UInt64> = []
    var walked = 0
    try walk(tables.outbox) { key, value in
      guard due.count < limit, walked < Outbox.maxWalkedRows else { return false }
      walked += 1
      guard let (nextAttemptAt, subjectHash) = try? OutboxRow.timing(of: value) else { return true }
      if waiting.contains(subjectHash) { return true }
      if Outbox.isPutOff(until: nextAttemptAt, at: now) {
        waiting.insert(subjectHash)
      } else if let row = OutboxEntry(sequence: try Self.number(key: key), decoding: value).readable {
        due.append(row)
      }
      return true
    }
    return due
  }

  /// How many due rows wait for their next attempt, and when the first of them comes; nil where none waits. Unix milliseconds.
  public func putOffFollowUps(now: UInt64) throws -> (count: Int, first: UInt64)? {
    var (count, first) = (0, UInt64.max)
    try walk(tables.outbox) { _, value in
      if let (next, _) = try? OutboxRow.timing(of: value), Outbox.isPutOff(until: next, at: now) {
        count += 1
        first = min(first, next)
      }
      return true
    }
    return count > 0 ? (count, first) : nil
  }

  /// What stands under that number; nil when there is nothing any more.
  public func outboxEntry(_ sequence: UInt64) throws -> OutboxEntry? {
    for table in [tables.outbox, tables.outboxStuck, tables.outboxDone] {
      if let bytes = try row(table, sequence) { return OutboxEntry(sequence: sequence, decoding: bytes) }
    }
    return nil
  }

  /// The row of that number; nil when there is none any more. Throws when it cannot be read.
  public func outboxRow(_ sequence: UInt64) throws -> OutboxRow? {
    switch try outboxEntry(sequence) {
    case nil: nil
    case .row(let row)?: row
    case .unreadable(_, let why)?: throw Fault.unreadable("outbox", "row \(sequence): \(why)")
    }
  }

  /// The row of that final event id; nil when there is none. Throws when it cannot be read.
  public func outboxRow(id: EventID) throws -> OutboxRow? {
    switch try outboxEntry(id: id) {
    case nil: nil
    case .row(let row)?: row
    case .unreadable(let sequence, let why)?: throw Fault.unreadable("outbox", "row \(sequence): \(why)")
    }
  }

  /// What the outbox has under that final event id; nil when that is not known.
  public func outboxEntry(id: EventID) throws -> OutboxEntry? {
    try number(tables.outboxIDs, id.bytes, of: "outbox.ids").map { try outboxEntry($0) ?? OutboxEntry(missing: $0) }
  }

  /// The final event ids that begin with these hex digits, in their order, at most `limit`.
  public func outboxIDs(beginningWith digits: String, limit: Int) throws -> [EventID] {
    guard let least = EventID(hex: digits + String(repeating: "0", count: max(0, 64 - digits.utf8.count))) else { return [] }
    var found: [EventID] = []
    try walk(tables.outboxIDs, from: least.bytes) { key, _ in
      var reader = RowReader(key, of: "outbox.ids")
      let id = try reader.eventID()
      guard found.count < limit, id.hex.hasPrefix(digits) else { return false }
      found.append(id)
      return true
    }
    return found
  }

  /// Visits the rows that can be read, all or those of one state, in the order of their numbers (the delivered ones: of their delivery), until
  /// `visit` returns false.
  public func outboxRows(_ state: OutboxState? = nil, _ visit: (OutboxRow) throws -> Bool) throws {
    try outboxEntries(state) { entry in try entry.readable.map(visit) ?? true }
  }

  /// As `outboxRows`, with those that cannot be read: what is wrong with them hides whether they are held or failed.
  public func outboxEntries(_ state: OutboxState? = nil, _ visit: (OutboxEntry) throws -> Bool) throws {
    switch state {
    case nil: try allOutboxEntries(visit)
    case .due: try outboxEntries(in: tables.outbox, visit)
    case .delivered:
      try walk(tables.outboxDelivered) { key, _ in
        let sequence = try Self.number(key: key)
        return try visit(try outboxEntry(sequence) ?? OutboxEntry(missing: sequence))
      }
    case .held, .failed:
      try outboxEntries(in: tables.outboxStuck) { entry in
        if let row = entry.readable, row.state != state { return true }
        return try visit(entry)
      }
    }
  }

  private func outboxEntries(in table: TableHandle, _ visit: (OutboxEntry) throws -> Bool) throws {
    try walk(table) { key, value in try visit(OutboxEntry(sequence: try Self.number(key: key), decoding: value)) }
  }

  /// The rows of three tables as one, in the order of their numbers.
  private func allOutboxEntries(_ visit: (OutboxEntry) throws -> Bool) throws {
    try withCursor(tables.outbox) { due in
      try withCursor(tables.outboxStuck) { stuck in
        try withCursor(tables.outboxDone) { done in
          var heads = [try due.first(), try stuck.first(), try done.first()]
          while true {
            let numbers = try heads.map { entry in try entry.map { try Self.number(key: $0.key) } ?? .max }
            guard let least = numbers.indices.min(by: { numbers[$0] < numbers[$1] }), let entry = heads[least] else { return }
            guard try visit(OutboxEntry(sequence: numbers[least], decoding: entry.value)) else { return }
            heads[least] =
              switch least {
              case 0: try due.next()
              case 1: try stuck.next()
              default: try done.next()
              }
          }
        }
      }
    }
  }

  public func outboxCounts() throws -> OutboxCounts {
    var counts = OutboxCounts(delivered: try entryCount(tables.outboxDone))
    try walk(tables.outbox) { _, value in
      if (try? OutboxRow.timing(of: value)) != nil { counts.due += 1 } else { counts.unreadable += 1 }
      return true
    }
    try walk(tables.outboxStuck) { _, value in
      switch try? OutboxRow.state(of: value) {
      case .held: counts.held += 1
      case .failed: counts.failed += 1
      case .due, .delivered, nil: counts.unreadable += 1
      }
      return true
    }
    return counts
  }

  /// How many rows are held or failed. One lookup.
  public func stuckFollowUpCount() throws -> Int { try entryCount(tables.outboxStuck) }

  /// Where the rows of a state stand.
  func outboxTable(of state: OutboxState) -> TableHandle {
    switch state {
    case .due: tables.outbox
    case .held, .failed: tables.outboxStuck
    case .delivered: tables.outboxDone
    }
  }
}
