// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Nostr
import Policy

extension Migration {
  /// Schema 1 had every follow-up in `outbox`, with its JSON, and an index for each state. What is delivered or stuck goes to its own table now, and a row
  /// keeps the form that its id is made of. The index of due rows, `outbox.due`, is left behind unused.
  static let queuesDueRowsAlone = Migration(toVersion: 2) { writer in
    var next: UInt64? = 0
    while let start = next {
      var batch: [OutboxRow] = []
      next = nil
      try writer.walk(writer.tables.outbox, from: start.keyBytes) { key, value in
        let sequence = try StateWriter.number(key: key)
        guard batch.count < maxRows else {
          next = sequence
          return false
        }
        // One that cannot be read stays where it is, and is shown there.
        if let row = try? OutboxRow(sequence: sequence, decodingSchema1: value) { batch.append(row) }
        return true
      }
      for row in batch { try writer.refile(row) }
    }
  }

  /// So many rows are in memory at once.
  private static let maxRows = 1000
}

extension StateWriter {
  fileprivate func refile(_ row: OutboxRow) throws {
    // As if it were due: it leaves the queue, whose numbers go on behind it.
    var queued = row
    queued.state = .due
    if row.state != .due { try take(queued) }
    try putRow(row)
  }
}

extension OutboxRow {
  // version 1 · state 1 · attempts 4 · nextAttemptAt 8 · createdAt 8 · deliveredAt 8 · id 32 · kind 8 · trigger 32 ·
  // signed 1 · name n · subject n · lastError n · body n (JSON)
  fileprivate init(sequence: UInt64, decodingSchema1 bytes: UnsafeRawBufferPointer) throws {
    var reader = RowReader(bytes, of: "outbox")
    try reader.version(1)
    let state = try Self.state(from: &reader)
    let (attempts, nextAttemptAt) = (try reader.uint32(), try reader.uint64())
    let (createdAt, deliveredAt) = (try reader.uint64(), try reader.uint64())
    let (id, kind, trigger) = (try reader.eventID(), try reader.uint64(), try reader.eventID())
    let isSigned = try reader.bool()
    let name = try Self.name(from: &reader)
    let subject = try reader.counted()
    let lastError = try reader.string()
    let json = try reader.counted()
    // What cannot be read stays as it is: the worker holds it.
    let body: Body = isSigned ? .signed(raw: json) : .unsigned(form: UnsignedEvent(parsing: json)?.form ?? json)
    self.init(sequence: sequence, id: id, kind: kind, name: name, subject: subject, trigger: trigger, body: body, createdAt: createdAt)
    self.state = state
    self.attempts = attempts
    self.nextAttemptAt = nextAttemptAt
    self.deliveredAt = deliveredAt
    self.lastError = lastError
  }
}
