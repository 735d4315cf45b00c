// SPDX-License-Identifier: AGPL-3.0-or-later
import Judgement
import Nostr
import Policy
import StateStore

/// `state waiting`: the events that wait here, and for what.
enum WaitingCommand {
  /// Rows in one snapshot: a snapshot that lasts keeps pages from being used again.
  private static let batch = 1000
  /// A deletion may wait for many things; people see the first.
  private static let maxShown = 3

  static func run(_ installation: Installation) throws {
    let store = try installation.store(isReadOnly: true)
    let registry = installation.registry
    let printsJSON = installation.arguments.printsJSON
    var sums = (parked: 0, aside: 0, bytes: 0)
    var next: UInt64? = 0
    while let start = next {
      var rows: [Row] = []
      next = nil
      try store.read { state in
        try state.parkedEvents(from: start) { event, dependencies, isReleased in
          guard rows.count < batch else {
            next = event.sequence
            return false
          }
          rows.append(Row(event, isReleased ? [] : dependencies.map { words(for: $0, registry) }))
          return true
        }
      }
      for row in rows {
        if row.event.isKept { sums.aside += 1 } else { sums.parked += 1 }
        sums.bytes += row.event.byteCount
        if printsJSON { Console.print(row.json.line) } else { row.lines.forEach(Console.print) }
      }
    }
    guard !printsJSON else { return }
    if sums.parked + sums.aside == 0 { return Console.note("state: nothing waits") }
    Console.note("state: \(counted(sums.parked, "event")) parked, \(sums.aside) kept aside, \(sums.bytes) bytes together")
  }

  private static func words(for dependency: Dependency, _ registry: DomainRegistry) -> String {
    if let words = dependency.arrivalWords { return words }
    guard let domain = dependency.domain else { return "something that this program does not know" }
    return registry.validator(of: domain)?.words(for: dependency) ?? "something of \(domain.name), which is switched off"
  }

  private struct Row {
    let event: ParkedEvent
    let kind: UInt64
    /// Empty where it has come: the event is about to be judged again.
    let waitsFor: [String]

    init(_ event: ParkedEvent, _ waitsFor: [String]) {
      self.event = event
      self.waitsFor = waitsFor
      kind = event.raw.withUnsafeBytes { (try? EventSlices.parse($0))?.kind ?? 0 }
    }

    var kept: String { event.isKept ? "aside" : "parked" }
    /// A source that strfry did not have yet has no word.
    var source: String { event.source == .other ? "other" : event.source.word.description }

    var json: JSONOutput {
      .object([
        ("id", .string(event.id.hex)), ("kind", .unsigned(kind)), ("author", .string(event.pubkey.hex)), ("receivedAt", .unsigned(event.receivedAt)),
        ("source", .string(source)), ("waitsFor", .array(waitsFor.map { .string($0) })), ("kept", .string(kept)),
        ("bytes", .integer(Int64(event.byteCount))),
      ])
    }

    /// Lines of at most 80 columns: the event, what is known of it, and what it waits for.
    var lines: [String] {
      let facts = "  kind \(kind) by \(event.pubkey.short), \(source) at \(event.receivedAt), \(event.byteCount) bytes"
      if waitsFor.isEmpty { return ["\(event.id.hex)  \(kept)", facts, "  is judged next"] }
      var lines = ["\(event.id.hex)  \(kept)", facts]
      for words in waitsFor.prefix(maxShown) { lines.append("  for \(WaitingCommand.cut(words))") }
      if waitsFor.count > maxShown { lines.append("  or \(waitsFor.count - maxShown) more") }
      return lines
    }
  }

  private static let columns = 74

  /// On one line, and within the line.
  private static func cut(_ words: String) -> String {
    let safe = SafeText.line(words)
    return safe.count <= columns ? safe : String(safe.prefix(columns - 1)) + "…"
  }
}
