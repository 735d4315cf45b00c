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
    let sequence = max((try lastNumber(tables.outbox) ?? 0) &+ 1, try outboxFloor())
    guard try put(tables.outboxIDs, event.id.value, sequence.keyBytes, mode: .noOverwrite) else { return }
    let row = OutboxRow(sequence: sequence, event, createdAt: receivedAt)
    try put(tables.outbox, sequence, row.encoded(), mode: .append)
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
    guard let row = try outboxRow(id: id), row.state != .delivered else { return false }
    var retried = row
    retried.state = .due
    retried.attempts = 0
    retried.nextAttemptAt = 0
    try replace(row, by: retried)
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
      let surplus = min(try entryCount(tables.outbox) - max(keepingDue, 0), limit - old.count)
      if surplus > 0 {
        let wanted = old.count + surplus
        try walk(tables.outbox) { key, _ in
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
    guard let row = try outboxRow(sequence), row.state == .due else { return false }
    var changed = row
    body(&changed)
    try replace(row, by: changed)
    return true
  }

  private func replace(_ row: OutboxRow, by changed: OutboxRow) throws {
    if outboxTable(of: row.state) != outboxTable(of: changed.state) { try take(row) }
    try put(outboxTable(of: changed.state), changed.sequence, changed.encoded())
    if changed.state == .delivered { try put(tables.outboxDelivered, changed.deliveredAt.keyBytes + changed.sequence.keyBytes, mark) }
  }

  private func remove(_ row: OutboxRow) throws {
    try take(row)
    try delete(tables.outboxIDs, row.id.bytes)
  }

  /// Takes the row out of the table of its state.
  func take(_ row: OutboxRow) throws {
    // A number is never given twice: the row may stand elsewhere now, and the worker may still hold the one of a row that the operator drops.
    if row.state == .due, try lastNumber(tables.outbox) == row.sequence, try outboxFloor() <= row.sequence {
      try put(tables.meta, MetaName.outboxFloor, (row.sequence &+ 1).keyBytes)
    }
    if row.state == .delivered { try delete(tables.outboxDelivered, row.deliveredAt.keyBytes + row.sequence.keyBytes) }
    try delete(outboxTable(of: row.state), row.sequence)
  }

  /// The least number that a new row may have.
  private func outboxFloor() throws -> UInt64 { try number(tables.meta, MetaName.outboxFloor, of: "meta") ?? 1 }
}
