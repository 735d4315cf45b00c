// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import StateStore

/// `outbox list|show|retry|drop`.
enum OutboxCommand {
  static func list(_ installation: Installation, _ filter: Arguments.Command.OutboxRowState?) throws {
    let store = try installation.store(isReadOnly: true)
    let state = filter.flatMap { filter in OutboxState.allCases.first { $0.name == filter.rawValue } }
    try store.read { reader in
      try reader.outboxEntries(state) { entry in
        Console.print(installation.arguments.printsJSON ? JSONOutput.object(members(entry)).line : text(entry))
        return true
      }
    }
  }

  static func show(_ installation: Installation, _ reference: OutboxReference) throws {
    let entry = try installation.store(isReadOnly: true).read { try reference.find(in: $0) }
    let (event, words) = event(of: entry)
    if installation.arguments.printsJSON {
      Console.print(JSONOutput.object(members(entry) + [("event", event.map { .verbatim($0) } ?? .null)]).line)
    } else {
      Console.print(text(entry))
      if let words { Console.print(words) }
    }
  }

  /// - Parameter reference: nil: all that are held, failed or put off.
  static func retry(_ installation: Installation, _ reference: OutboxReference?) throws {
    let store = try installation.existingStore()
    guard let reference else { return try retryAll(installation, store) }
    let row = try store.write { state in
      let entry = try reference.find(in: state)
      guard let row = entry.readable else {
        throw Failure(.failed, "row \(entry.sequence) cannot be read; `commonsguard outbox drop \(entry.sequence)`")
      }
      guard try state.retryFollowUp(row.id) else { throw Failure(.failed, "follow-up \(row.id.hex) is delivered") }
      return row
    }
    report(installation, .row(row), state: "due", "is due again")
  }

  /// Few rows a transaction, since requests wait for it.
  private static func retryAll(_ installation: Installation, _ store: StateStore) throws {
    var count = 0
    while true {
      let step = try store.write { try $0.retryStuckFollowUps([.held, .failed]) }
      count += step
      if step == 0 { break }
    }
    var next: UInt64? = 0
    while let start = next {
      let step = try store.write { try $0.retryPutOffFollowUps(from: start) }
      count += step.count
      next = step.next
    }
    if installation.arguments.printsJSON {
      Console.print(JSONOutput.object([("retried", .integer(Int64(count)))]).line)
    } else {
      Console.note(count == 0 ? "outbox: nothing is held, failed or put off" : "outbox: \(count) follow-ups are due again")
    }
  }

  static func drop(_ installation: Installation, _ reference: OutboxReference) throws {
    let entry = try installation.existingStore().write { state in
      let entry = try reference.find(in: state)
      _ = try state.dropFollowUp(number: entry.sequence)
      return entry
    }
    report(installation, entry, state: "dropped", "is dropped")
  }

  private static func report(_ installation: Installation, _ entry: OutboxEntry, state: String, _ words: String) {
    let id = entry.readable?.id.hex
    if installation.arguments.printsJSON {
      Console.print(
        JSONOutput.object([("id", id.map { .string($0) } ?? .null), ("number", .unsigned(entry.sequence)), ("state", .string(state))]).line)
    } else {
      Console.note("outbox: \(id ?? "row \(entry.sequence)") \(words)")
    }
  }

  /// The event, and what to show in its place.
  private static func event(of entry: OutboxEntry) -> (event: [UInt8]?, words: String?) {
    guard let row = entry.readable else { return (nil, nil) }
    let event: [UInt8]? =
      switch row.body {
      case .unsigned(let form): UnsignedEvent(form: form)?.json
      case .signed(let raw): raw
      case .gone: nil
      }
    if let event { return (event, LogRenderer.escaped(String(decoding: event, as: UTF8.self), maxBytes: 1 << 20)) }
    return (nil, row.body == .gone ? "the event is delivered; the outbox keeps no copy" : "the event in the outbox is damaged")
  }

  private static func members(_ entry: OutboxEntry) -> [(String, JSONOutput)] {
    switch entry {
    case .row(let row):
      [
        ("id", .string(row.id.hex)), ("number", .unsigned(row.sequence)), ("kind", .unsigned(row.kind)), ("trigger", .string(row.trigger.hex)),
        ("followUp", .string(row.name.rawValue)), ("state", .string(row.state.name)), ("attempts", .integer(Int64(row.attempts))),
        ("lastError", row.lastError.isEmpty ? .null : .string(row.lastError)), ("nextAttemptAt", .unsigned(row.nextAttemptAt / 1000)),
        ("createdAt", .unsigned(row.createdAt)),
      ]
    case .unreadable(let sequence, let why):
      [("id", .null), ("number", .unsigned(sequence)), ("state", .string("unreadable")), ("lastError", .string(why))]
    }
  }

  private static func text(_ entry: OutboxEntry) -> String {
    switch entry {
    case .row(let row):
      var line = "\(row.id.hex)  \(row.state.name)  \(row.name.rawValue)  kind \(row.kind)  trigger \(row.trigger.short)"
      if row.attempts > 0 { line += "  attempts \(row.attempts)" }
      if !row.lastError.isEmpty { line += "  \(LogRenderer.escaped(row.lastError, maxBytes: 300))" }
      return line
    case .unreadable(let sequence, let why):
      return "row \(sequence)  unreadable  \(LogRenderer.escaped(why, maxBytes: 300)); `commonsguard outbox drop \(sequence)` forgets it"
    }
  }
}
