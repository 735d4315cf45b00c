// SPDX-License-Identifier: AGPL-3.0-or-later
import TestSupport

/// `kind1`: events that nobody claims.
enum Kind1Command: Subcommand {
  static let name = "kind1"
  static let summary = "request lines of 1 kB notes, which no domain claims"
  static let help = """
    usage: laboratory kind1 N [--seed S] [--keys K]

    Prints N request lines, each a really signed kind 1 event by one of K authors (100); a line has about 1 kB.

    example:
      laboratory kind1 5000 > notes.jsonl
    """

  static func run(_ arguments: [String]) throws -> Bool {
    let options = try Options(arguments, values: ["seed", "keys"])
    guard let count = Int(try options.operands(1)[0]), count > 0 else { throw UsageError(message: "N is a number above 0") }
    var random = SplitMix64(seed: UInt64(try options.number("seed", default: 1)))
    let keys = (0..<max(1, try options.number("keys", default: 100))).map { TestKey("note author \($0)") }
    for index in 0..<count {
      let key = keys[Int.random(in: 0..<keys.count, using: &random)]
      let createdAt = UInt64(1_760_000_000 + index)
      let tags = [["e", TestKey.hexWord(&random), "wss://relay.example"], ["p", keys[index % keys.count].hex], ["t", "commons"]]
      let event = key.json(kind: 1, createdAt: createdAt, tags: tags, content: words(340, &random))
      Output.line(requestLine(json: event, receivedAt: createdAt + 1))
    }
    return true
  }

  private static func words(_ bytes: Int, _ random: inout SplitMix64) -> String {
    let vocabulary = [
      "le", "jardin", "partagé", "commons", "forêt", "relay", "Ẑ", "captain", "UMAP", "vote", "terre", "✨", "\"quoted\"", "line\nbreak",
    ]
    var text = ""
    while text.utf8.count < bytes { text += (vocabulary.randomElement(using: &random) ?? "") + " " }
    return text
  }
}

extension TestKey {
  /// 64 hex digits that stand for an id.
  static func hexWord(_ random: inout SplitMix64) -> String {
    (0..<4).map { _ in
      let digits = String(random.next(), radix: 16)
      return String(repeating: "0", count: 16 - digits.count) + digits
    }.joined()
  }
}
