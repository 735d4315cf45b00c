// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Nostr
import Policy

extension StateWriter {
  /// Queues a follow-up. An event whose final id is in the outbox already, in whatever state, is not queued again, unless it is meant to be
  /// delivered once more and does not wait for that already; a deferred one is merged with what waits for its subject.
  ///
  /// - Parameter receivedAt: Unix seconds of the trigger's receipt.
  public func enqueue(_ followUp: FollowUp, at receivedAt: UInt64) throws {
    switch followUp {
    case .event(let event): try enqueue(event, at: receivedAt)
    case .again(let event): try enqueue(event, at: receivedAt, isAgain: true)
    case .made(let make): try enqueue(try make(), at: receivedAt)
    case .deferred(let deferred): try enqueue(deferred)
    }
  }

  private func enqueue(_ event: FollowUpEvent, at receivedAt: UInt64, isAgain: Bool = false) throws {
    if isAgain, let row = try outboxRow(id: event.id), row.state != .due { try remove(row) }
    let floor = try number(tables.meta, MetaName.outboxFloor, of: "meta") ?? 1
    let sequence = max((try lastNumber(tables.outbox) ?? 0) &+ 1, floor)
    guard try put(tables.outboxIDs, event.id.value, sequence.keyBytes, mode: .noOverwrite) else { return }
    let row = OutboxRow(sequence: sequence, event, createdAt: receivedAt)
    try put(tables.outbox, sequence, row.encoded(), mode: .append)
    try addToIndex(row)
  }

  /// The sink has the row. Here and below: false, and nothing changed, when the row is not due any more.
  ///
  /// - Parameter time: Unix seconds.
  @discardableResult
  public func markDelivered(_ sequence: UInt64, at time: UInt64) throws -> Bool {
    try change(sequence) {
      $0.state = .delivered
      $0.deliveredAt = time
      $0.lastError = ""
    }
  }

  /// An attempt failed, and there will be another one.
  ///
  /// - Parameter nextAttemptAt: Unix milliseconds; until then the later rows of the subject wait too.
  @discardableResult
  public func markAttemptFailed(_ sequence: UInt64, error: String, nextAttemptAt: UInt64) throws -> Bool {
    try change(sequence) {
      $0.attempts = $0.attempts.addingReportingOverflow(1).partialValue
      $0.nextAttemptAt = nextAttemptAt
      $0.lastError = error
    }
  }

  /// An attempt failed, and it was the last one. The later rows of the subject go on.
  @discardableResult
  public func markFailed(_ sequence: UInt64, error: String) throws -> Bool {
    try change(sequence) {
      $0.state = .failed
      $0.attempts = $0.attempts.addingReportingOverflow(1).partialValue
      $0.lastError = error
    }
  }

  /// The row cannot be delivered without the operator (the key does not match, say). The later rows of the subject go on.
  @discardableResult
  public func parkFollowUp(_ sequence: UInt64, error: String) throws -> Bool {
    try change(sequence) {
      $0.state = .parked
      $0.lastError = error
    }
  }

  /// The operator wants the row tried again, at once and with all its attempts. False when there is no such row, or it is delivered.
  public func retryFollowUp(_ id: EventID) throws -> Bool {
    guard var row = try outboxRow(id: id), row.state != .delivered else { return false }
    try removeFromIndex(row)
    row.state = .due
    row.attempts = 0
    row.nextAttemptAt = 0
    try put(tables.outbox, row.sequence, row.encoded())
    try addToIndex(row)
    return true
  }

  /// Removes the row, in whatever state. False when there is no such row.
  public func dropFollowUp(_ id: EventID) throws -> Bool {
    guard let row = try outboxRow(id: id) else { return false }
    try remove(row)
    return true
  }

  /// Removes what is kept no longer, at most `limit` rows a call: rows delivered more than 30 days ago and, where `keepingDue` is given
  /// (sink `none`), the oldest due rows beyond that number. Returns how many went.
  ///
  /// - Parameter now: Unix seconds.
  @discardableResult
  public func pruneOutbox(now: UInt64, keepingDue: Int? = nil, limit: Int = 1000) throws -> Int {
    var old: [UInt64] = []
    let oldest = now > Outbox.deliveredSeconds ? now - Outbox.deliveredSeconds : 0
    try walk(tables.outboxDelivered) { key, _ in
      var reader = RowReader(key, of: "outbox.delivered")
      guard old.count < limit, try reader.uint64() < oldest else { return false }
      old.append(try Self.number(key: key))
      return true
    }
    if let keepingDue {
      let surplus = min(try entryCount(tables.outboxDue) - max(keepingDue, 0), limit - old.count)
      if surplus > 0 {
        let wanted = old.count + surplus
        try walk(tables.outboxDue) { key, _ in
          old.append(try Self.number(key: key))
          return old.count < wanted
        }
      }
    }
    for sequence in old {
      guard let row = try outboxRow(sequence) else { throw Fault.unreadable("outbox", "row \(sequence) is missing") }
      try remove(row)
    }
    return old.count
  }

  private func change(_ sequence: UInt64, _ body: (inout OutboxRow) -> Void) throws -> Bool {
    guard var row = try outboxRow(sequence), row.state == .due else { return false }
    try removeFromIndex(row)
    body(&row)
    try put(tables.outbox, sequence, row.encoded())
    try addToIndex(row)
    return true
  }

  private func remove(_ row: OutboxRow) throws {
    // A number is never given twice: the worker may still hold the one of a row that the operator drops.
    if try lastNumber(tables.outbox) == row.sequence { try put(tables.meta, MetaName.outboxFloor, (row.sequence &+ 1).keyBytes) }
    try removeFromIndex(row)
    try delete(tables.outboxIDs, row.id.bytes)
    try delete(tables.outbox, row.sequence)
  }

  private func addToIndex(_ row: OutboxRow) throws {
    switch row.state {
    case .due: try put(tables.outboxDue, row.sequence, row.nextAttemptAt.keyBytes + row.subjectHash.keyBytes)
    case .delivered: try put(tables.outboxDelivered, row.deliveredAt.keyBytes + row.sequence.keyBytes, mark)
    case .parked, .failed: try put(tables.outboxStuck, row.sequence, [row.state.rawValue])
    }
  }

  private func removeFromIndex(_ row: OutboxRow) throws {
    switch row.state {
    case .due: try delete(tables.outboxDue, row.sequence)
    case .delivered: try delete(tables.outboxDelivered, row.deliveredAt.keyBytes + row.sequence.keyBytes)
    case .parked, .failed: try delete(tables.outboxStuck, row.sequence)
    }
  }
}
