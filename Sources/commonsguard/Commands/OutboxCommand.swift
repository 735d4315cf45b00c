// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import StateStore

/// `outbox list|show|retry|drop`.
enum OutboxCommand {
  static func list(_ installation: Installation, _ filter: Arguments.Command.OutboxRowState?) throws {
    let store = try installation.store(isReadOnly: true)
    let state = filter.flatMap { filter in OutboxState.allCases.first { "\($0)" == filter.rawValue } }
    try store.read { reader in
      try reader.outboxRows(state) { row in
        Console.print(installation.arguments.printsJSON ? JSONOutput.object(members(row)).line : text(row))
        return true
      }
    }
  }

  static func show(_ installation: Installation, _ id: EventID) throws {
    guard let row = try installation.store(isReadOnly: true).read({ try $0.outboxRow(id: id) }) else { throw unknown(id) }
    let event: [UInt8]? =
      switch row.body {
      case .unsigned(let form): UnsignedEvent(form: form)?.json
      case .signed(let raw): raw
      }
    if installation.arguments.printsJSON {
      Console.print(JSONOutput.object(members(row) + [("event", event.map { .verbatim($0) } ?? .null)]).line)
    } else {
      Console.print(text(row))
      Console.print(event.map { LogRenderer.escaped(String(decoding: $0, as: UTF8.self), maxBytes: 1 << 20) } ?? "the event in the outbox is damaged")
    }
  }

  static func retry(_ installation: Installation, _ id: EventID) throws {
    guard try installation.existingStore().write({ try $0.retryFollowUp(id) }) else {
      throw Failure(.failed, "there is no follow-up \(id.hex) that is not delivered yet")
    }
    report(installation, id, state: "due", "is due again")
  }

  static func drop(_ installation: Installation, _ id: EventID) throws {
    guard try installation.existingStore().write({ try $0.dropFollowUp(id) }) else { throw unknown(id) }
    report(installation, id, state: "dropped", "is dropped")
  }

  private static func report(_ installation: Installation, _ id: EventID, state: String, _ words: String) {
    if installation.arguments.printsJSON {
      Console.print(JSONOutput.object([("id", .string(id.hex)), ("state", .string(state))]).line)
    } else {
      Console.note("outbox: \(id.hex) \(words)")
    }
  }

  private static func unknown(_ id: EventID) -> Failure { Failure(.failed, "there is no follow-up \(id.hex)") }

  private static func members(_ row: OutboxRow) -> [(String, JSONOutput)] {
    [
      ("id", .string(row.id.hex)), ("kind", .unsigned(row.kind)), ("trigger", .string(row.trigger.hex)), ("followUp", .string(row.name.rawValue)),
      ("state", .string("\(row.state)")), ("attempts", .integer(Int64(row.attempts))),
      ("lastError", row.lastError.isEmpty ? .null : .string(row.lastError)), ("nextAttemptAt", .unsigned(row.nextAttemptAt / 1000)),
      ("createdAt", .unsigned(row.createdAt)),
    ]
  }

  private static func text(_ row: OutboxRow) -> String {
    var line = "\(row.id.hex)  \(row.state)  \(row.name.rawValue)  kind \(row.kind)  trigger \(row.trigger.short)"
    if row.attempts > 0 { line += "  attempts \(row.attempts)" }
    if !row.lastError.isEmpty { line += "  \(LogRenderer.escaped(row.lastError, maxBytes: 300))" }
    return line
  }
}
