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
    var sequences: [UInt64] = []
    var waiting: Set<UInt64> = []
    var walked = 0
    try walk(tables.outboxDue) { key, value in
      guard sequences.count < limit, walked < Outbox.maxWalkedRows else { return false }
      walked += 1
      var reader = RowReader(value, of: "outbox.due")
      let nextAttemptAt = try reader.uint64()
      let subject = try reader.uint64()
      if waiting.contains(subject) { return true }
      if nextAttemptAt > now {
        waiting.insert(subject)
      } else {
        sequences.append(try Self.number(key: key))
      }
      return true
    }
    return try sequences.map { try outboxRow(existing: $0) }
  }

  /// The row of that number; nil when there is none any more.
  public func outboxRow(_ sequence: UInt64) throws -> OutboxRow? {
    try row(tables.outbox, sequence).map { try OutboxRow(sequence: sequence, decoding: $0) }
  }

  /// The row of that final event id; nil when there is none.
  public func outboxRow(id: EventID) throws -> OutboxRow? {
    try number(tables.outboxIDs, id.bytes, of: "outbox.ids").map { try outboxRow(existing: $0) }
  }

  /// Visits the rows, all or those of one state, in the order of their numbers (the delivered ones: of their delivery), until `visit`
  /// returns false.
  public func outboxRows(_ state: OutboxState? = nil, _ visit: (OutboxRow) throws -> Bool) throws {
    let index =
      switch state {
      case nil: tables.outbox
      case .due: tables.outboxDue
      case .delivered: tables.outboxDelivered
      case .parked, .failed: tables.outboxStuck
      }
    try walk(index) { key, value in
      if let state, state == .parked || state == .failed, value.first != state.rawValue { return true }
      return try visit(try outboxRow(existing: try Self.number(key: key)))
    }
  }

  public func outboxCounts() throws -> OutboxCounts {
    var counts = OutboxCounts(due: try entryCount(tables.outboxDue), delivered: try entryCount(tables.outboxDelivered))
    try walk(tables.outboxStuck) { _, value in
      if value.first == OutboxState.parked.rawValue { counts.parked += 1 } else { counts.failed += 1 }
      return true
    }
    return counts
  }

  /// The row that an index names.
  private func outboxRow(existing sequence: UInt64) throws -> OutboxRow {
    guard let row = try outboxRow(sequence) else { throw Fault.unreadable("outbox", "row \(sequence) is missing") }
    return row
  }
}
