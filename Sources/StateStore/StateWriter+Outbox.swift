// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Nostr
import Policy

extension StateWriter {
  /// Queues a follow-up. An event whose final id is in the outbox already, in whatever state, is not queued again, unless it is meant to be
  /// delivered once more and does not wait for that already; a deferred one is merged with what waits for its subject.
  ///
  /// Where the outbox has its quarter of the map, the oldest rows go (`makeOutboxRoom`).
  /// - Parameter receivedAt: Unix seconds of the trigger's receipt.
  public func enqueue(_ followUp: FollowUp, at receivedAt: UInt64) throws {
    switch followUp {
    case .event(let event): try enqueue(event, at: receivedAt)
    case .again(let event): try enqueue(event, at: receivedAt, isAgain: true)
    case .made(let make): try enqueue(try make(), at: receivedAt)
    case .deferred(let deferred): try enqueue(deferred)
    }
  }

  /// Queues what was built for a deferred request, in the place of what was built for it before and is not delivered yet: of one address
  /// a relay keeps the newest, and so does the outbox. It goes to the end, and waits for as long as the other would have waited.
  public func enqueue(_ event: FollowUpEvent, builtFor deferred: DeferredFollowUp) throws {
    let key = deferred.key
    let older = try number(tables.outboxNewest, key, of: "outbox.newest").flatMap { try outboxEntry($0)?.readable }
    let waiting = older.flatMap { $0.state == .delivered ? nil : $0 }
    guard let sequence = try enqueue(event, at: deferred.receivedAt, behind: waiting) else { return }
    try put(tables.outboxNewest, key, sequence.keyBytes)
    if let waiting { try remove(waiting) }
  }

  /// Returns its number; nil when its id is there already.
  @discardableResult
  private func enqueue(
    _ event: FollowUpEvent, at receivedAt: UInt64, isAgain: Bool = false, behind older: OutboxRow? = nil
  ) throws -> UInt64? {
    if isAgain, let row = try outboxEntry(id: event.id)?.readable, row.state != .due { try remove(row) }
    let kept = try keptTotals()
    let sequence = max((try lastNumber(tables.outbox) ?? 0) &+ 1, try kept?.floor ?? outboxFloor())
    guard try put(tables.outboxIDs, event.id.value, sequence.keyBytes, mode: .noOverwrite) else { return nil }
    var row = OutboxRow(sequence: sequence, event, createdAt: receivedAt)
    if let older, older.state == .due { (row.attempts, row.nextAttemptAt) = (older.attempts, older.nextAttemptAt) }
    try append(row, kept)
    return sequence
  }

  /// The sink has the row; its event is kept no longer. Here and below: false, and nothing changed, when the row is not due any more.
  ///
  /// - Parameter time: Unix seconds.
  @discardableResult
  public func markDelivered(_ sequence: UInt64, at time: UInt64) throws -> Bool {
    try change(sequence) {
      $0.state = .delivered
      $0.deliveredAt = time
      $0.lastError = ""
      $0.body = .gone
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
  public func holdFollowUp(_ sequence: UInt64, error: String) throws -> Bool {
    try change(sequence) {
      $0.state = .held
      $0.lastError = error
    }
  }

  /// The operator wants the row tried again, at once and with all its attempts. False when there is no such row, or it is delivered.
  public func retryFollowUp(_ id: EventID) throws -> Bool {
    guard let row = try outboxRow(id: id), row.state != .delivered else { return false }
    try retry(row)
    return true
  }

  /// The same for rows that are held, or failed, the oldest first, at most `limit` a call. Returns how many there were.
  public func retryStuckFollowUps(_ states: Set<OutboxState>, limit: Int = Outbox.rowsPerStep) throws -> Int {
    var rows: [OutboxRow] = []
    try walk(tables.outboxStuck) { key, value in
      guard rows.count < limit else { return false }
      let row = OutboxEntry(sequence: try Self.number(key: key), decoding: value).readable
      if let row, states.contains(row.state) { rows.append(row) }
      return true
    }
    for row in rows { try retry(row) }
    return rows.count
  }

  /// The same for due rows that wait for their next attempt, from this number on, at most `limit` a call.
  ///
  /// - Returns: how many there were, and where the next call goes on; nil at the end.
  public func retryPutOffFollowUps(from start: UInt64, limit: Int = Outbox.rowsPerStep) throws -> (count: Int, next: UInt64?) {
    var rows: [OutboxRow] = []
    var next: UInt64?
    try walk(tables.outbox, from: start.keyBytes) { key, value in
      guard let (nextAttemptAt, _) = try? OutboxRow.timing(of: value), nextAttemptAt > 0 else { return true }
      let sequence = try Self.number(key: key)
      guard rows.count < limit else {
        next = sequence
        return false
      }
      if let row = OutboxEntry(sequence: sequence, decoding: value).readable { rows.append(row) }
      return true
    }
    for row in rows { try retry(row) }
    return (rows.count, next)
  }

  private func retry(_ row: OutboxRow) throws {
    var retried = row
    retried.state = .due
    retried.attempts = 0
    retried.nextAttemptAt = 0
    try replace(row, by: retried)
  }

  /// Removes the row, in whatever state. False when there is no such row. Throws when it cannot be read.
  public func dropFollowUp(_ id: EventID) throws -> Bool {
    guard let row = try outboxRow(id: id) else { return false }
    try remove(row)
    return true
  }

  /// Removes what stands under the number, readable or not. False when there is nothing. Looks through the ids for a row that cannot be read.
  public func dropFollowUp(number: UInt64) throws -> Bool {
    switch try outboxEntry(number) {
    case .row(let row)?:
      try remove(row)
      return true
    case .unreadable?, nil:
      return try removeUnreadable([number])
    }
  }

  private func change(_ sequence: UInt64, _ body: (inout OutboxRow) -> Void) throws -> Bool {
    guard let row = try outboxEntry(sequence)?.readable, row.state == .due else { return false }
    var changed = row
    body(&changed)
    try replace(row, by: changed)
    return true
  }

  private func replace(_ row: OutboxRow, by changed: OutboxRow) throws {
    if outboxTable(of: row.state) != outboxTable(of: changed.state) { try take(row) }
    try putRow(changed)
    if changed.state == .delivered {
      try put(tables.outboxDelivered, changed.deliveredAt.keyBytes + changed.sequence.keyBytes, mark)
    }
  }

  func remove(_ row: OutboxRow) throws {
    try take(row)
    try delete(tables.outboxIDs, row.id.bytes)
  }

  /// Takes rows that cannot be read, or are missing, out of every table and index: one walk over the indexes for all of them. False when
  /// nothing was there.
  @discardableResult
  func removeUnreadable(_ sequences: Set<UInt64>) throws -> Bool {
    var isThere = false
    for sequence in sequences {
      try keepNumber(sequence)
      for table in [tables.outbox, tables.outboxStuck, tables.outboxDone] where try deleteRow(table, sequence) { isThere = true }
    }
    var ids: [[UInt8]] = []
    try walk(tables.outboxIDs) { key, value in
      var reader = RowReader(value, of: "outbox.ids")
      if sequences.contains(try reader.uint64()) { ids.append(Array(key)) }
      return true
    }
    for id in ids { try delete(tables.outboxIDs, id) }
    var times: [[UInt8]] = []
    try walk(tables.outboxDelivered) { key, _ in
      if sequences.contains(try Self.number(key: key)) { times.append(Array(key)) }
      return true
    }
    for time in times { try delete(tables.outboxDelivered, time) }
    return isThere || !ids.isEmpty || !times.isEmpty
  }

  /// Takes the row out of the table of its state.
  func take(_ row: OutboxRow) throws {
    if row.state == .due { try keepNumber(row.sequence) }
    if row.state == .delivered { try delete(tables.outboxDelivered, row.deliveredAt.keyBytes + row.sequence.keyBytes) }
    try deleteRow(outboxTable(of: row.state), row.sequence)
  }

  /// A number is never given twice: the row may stand elsewhere now, and the worker may still hold the one of a row that the operator drops.
  private func keepNumber(_ sequence: UInt64) throws {
    guard try lastNumber(tables.outbox) == sequence, try outboxFloor() <= sequence else { return }
    try put(tables.meta, MetaName.outboxFloor, (sequence &+ 1).keyBytes)
  }

  /// Writes a new row at the end of the queue.
  private func append(_ row: OutboxRow, _ kept: KeptTotals?) throws {
    let bytes = row.encoded()
    if let kept, kept.canWait(for: row.sequence, bytes.count, limitBytes: tables.outboxLimitBytes) {
      try put(tables.outbox, row.sequence, bytes, mode: .append)
      return
    }
    var current = try currentTotals()
    current.totals.replace(nil, by: bytes.count)
    current.count(upTo: row.sequence)
    try put(tables.outbox, row.sequence, bytes, mode: .append)
    try keep(current)
    if current.totals.bytes > tables.outboxLimitBytes { try makeOutboxRoom() }
  }

  /// Writes the row into the table of its state, and counts it.
  func putRow(_ row: OutboxRow) throws {
    let (table, bytes) = (outboxTable(of: row.state), row.encoded())
    var current = try currentTotals()
    current.totals.replace(try self.row(table, row.sequence)?.count, by: bytes.count)
    if row.state == .due { current.count(upTo: row.sequence) }
    try put(table, row.sequence, bytes)
    try keep(current)
  }

  @discardableResult
  private func deleteRow(_ table: TableHandle, _ sequence: UInt64) throws -> Bool {
    guard let count = try row(table, sequence)?.count else { return false }
    var current = try currentTotals()
    current.totals.replace(count, by: nil)
    try delete(table, sequence)
    try keep(current)
    return true
  }

  func keep(_ kept: KeptTotals) throws { try put(tables.meta, MetaName.outboxTotals, kept.encoded) }
}
