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
  /// One look for due rows passes at most so many that have to wait, so that a long queue does not stop the worker.
  static let maxWalkedRows = 100_000
}

/// How many follow-ups stand where.
public struct OutboxCounts: Sendable, Equatable {
  public var due = 0
  public var delivered = 0
  public var parked = 0
  public var failed = 0
}

extension StoreReader where Self: ~Copyable {
  /// The rows to deliver now, in order, at most `limit`.
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
      let (nextAttemptAt, subjectHash) = try OutboxRow.timing(of: value)
      if waiting.contains(subjectHash) { return true }
      if nextAttemptAt > now {
        waiting.insert(subjectHash)
      } else {
        due.append(try OutboxRow(sequence: try Self.number(key: key), decoding: value))
      }
      return true
    }
    return due
  }

  /// The row of that number; nil when there is none any more.
  public func outboxRow(_ sequence: UInt64) throws -> OutboxRow? {
    for table in [tables.outbox, tables.outboxStuck, tables.outboxDone] {
      if let bytes = try row(table, sequence) { return try OutboxRow(sequence: sequence, decoding: bytes) }
    }
    return nil
  }

  /// The row of that final event id; nil when there is none.
  public func outboxRow(id: EventID) throws -> OutboxRow? {
    try number(tables.outboxIDs, id.bytes, of: "outbox.ids").map { try outboxRow(existing: $0) }
  }

  /// Visits the rows, all or those of one state, in the order of their numbers (the delivered ones: of their delivery), until `visit`
  /// returns false.
  public func outboxRows(_ state: OutboxState? = nil, _ visit: (OutboxRow) throws -> Bool) throws {
    switch state {
    case nil: try allOutboxRows(visit)
    case .due: try outboxRows(in: tables.outbox, visit)
    case .delivered: try walk(tables.outboxDelivered) { key, _ in try visit(try outboxRow(existing: try Self.number(key: key))) }
    case .parked, .failed: try outboxRows(in: tables.outboxStuck) { row in try row.state != state || visit(row) }
    }
  }

  private func outboxRows(in table: TableHandle, _ visit: (OutboxRow) throws -> Bool) throws {
    try walk(table) { key, value in try visit(try OutboxRow(sequence: try Self.number(key: key), decoding: value)) }
  }

  /// The rows of three tables as one, in the order of their numbers.
  private func allOutboxRows(_ visit: (OutboxRow) throws -> Bool) throws {
    try withCursor(tables.outbox) { due in
      try withCursor(tables.outboxStuck) { stuck in
        try withCursor(tables.outboxDone) { done in
          var heads = [try due.first(), try stuck.first(), try done.first()]
          while true {
            let numbers = try heads.map { entry in try entry.map { try Self.number(key: $0.key) } ?? .max }
            guard let least = numbers.indices.min(by: { numbers[$0] < numbers[$1] }), let entry = heads[least] else { return }
            guard try visit(try OutboxRow(sequence: numbers[least], decoding: entry.value)) else { return }
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
    var counts = OutboxCounts(due: try entryCount(tables.outbox), delivered: try entryCount(tables.outboxDone))
    try walk(tables.outboxStuck) { _, value in
      if try OutboxRow.state(of: value) == .parked { counts.parked += 1 } else { counts.failed += 1 }
      return true
    }
    return counts
  }

  /// The row that an index names.
  private func outboxRow(existing sequence: UInt64) throws -> OutboxRow {
    guard let row = try outboxRow(sequence) else { throw Fault.unreadable("outbox", "row \(sequence) is missing") }
    return row
  }

  /// Where the rows of a state stand.
  func outboxTable(of state: OutboxState) -> TableHandle {
    switch state {
    case .due: tables.outbox
    case .parked, .failed: tables.outboxStuck
    case .delivered: tables.outboxDone
    }
  }
}
