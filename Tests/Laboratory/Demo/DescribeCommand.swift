// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// `describe`: a stream and its decisions side by side, for people.
enum DescribeCommand: Subcommand {
  static let name = "describe"
  static let summary = "prints a stream and its decisions side by side"
  static let help = """
    usage: laboratory describe STREAM [DECISIONS]

    STREAM holds request lines or bare events, DECISIONS what `commonsguard replay STREAM` printed. Without DECISIONS the events are printed alone.

    example:
      commonsguard replay demo.jsonl > decisions.jsonl; laboratory describe demo.jsonl decisions.jsonl
    """

  static func run(_ arguments: [String]) throws -> Bool {
    let files = try Options(arguments, values: []).operands
    guard (1...2).contains(files.count) else { throw UsageError(message: "one stream, and one file of decisions or none") }
    let events = try TextFile.lines(files[0])
    let decisions = files.count == 2 ? try TextFile.lines(files[1]) : nil
    if let decisions, decisions.count != events.count {
      throw LaboratoryFailure("\(events.count) requests have \(decisions.count) decisions")
    }
    for (index, line) in events.enumerated() {
      guard let event = Self.event(line) else {
        Output.line("\(padded(index + 1))  unreadable")
        continue
      }
      let words = EventWords(event)
      Output.line("\(padded(index + 1))  \(left(words.kind, 12)) \(left(words.author, 9)) \(words.content)")
      if let decisions { Output.line("      \(verdict(decisions[index], event))") }
    }
    return true
  }

  /// The event of a request line, or a bare one.
  static func event(_ line: [UInt8]) -> Event? {
    let slices: Event? = line.withUnsafeBytes { bytes in
      guard case .request(let request) = RequestParse.parse(bytes) else { return nil }
      return try? request.event.decode()
    }
    return slices ?? (try? Event(parsing: line))
  }

  private static func verdict(_ decision: [UInt8], _ event: Event) -> String {
    guard let text = Text(validating: decision), let answer = JSONValue(parsing: text), let action = answer["action"]?.text?.string else {
      return "→ a decision that cannot be read"
    }
    if let id = answer["id"]?.text?.string, id != event.id.hex { return "→ the decision is about another event" }
    return answer["msg"]?.text.map { "→ \(action): \($0.string)" } ?? "→ \(action)"
  }

  private static func padded(_ number: Int) -> String { String(repeating: " ", count: max(0, 4 - String(number).count)) + String(number) }
  private static func left(_ text: String, _ width: Int) -> String { text + String(repeating: " ", count: max(0, width - text.count)) }
}
