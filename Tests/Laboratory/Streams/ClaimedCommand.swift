// SPDX-License-Identifier: AGPL-3.0-or-later
import TestSupport

/// `claimed`: contributions that are all accepted and written.
enum ClaimedCommand: Subcommand {
  static let name = "claimed"
  static let summary = "request lines of one campaign and contributions to it"
  static let help = """
    usage: laboratory claimed N [--seed S] [--keys K]

    Prints the request line of a campaign whose goal is far, and of N contributions to it by K authors (100): each is accepted, and committed.

    example:
      laboratory claimed 2000 > contributions.jsonl
    """

  static func run(_ arguments: [String]) throws -> Bool {
    let options = try Options(arguments, values: ["seed", "keys"])
    guard let count = Int(try options.operands(1)[0]), count > 0 else { throw UsageError(message: "N is a number above 0") }
    let seed = UInt64(try options.number("seed", default: 1))
    for line in lines(count, seed: seed, authors: max(1, try options.number("keys", default: 100))) { Output.line(line) }
    return true
  }

  static func lines(_ count: Int, seed: UInt64, authors: Int) -> [[UInt8]] {
    events(count, seed: seed, authors: authors).map { requestLine(json: $0.raw, receivedAt: $0.createdAt + 1) }
  }

  /// The campaign, and so many contributions to it.
  static func events(_ count: Int, seed: UInt64, authors: Int) -> [(raw: [UInt8], createdAt: UInt64)] {
    var random = SplitMix64(seed: seed)
    let campaign = CampaignShape("CF-CLAIMED-\(seed)")
    let start: UInt64 = 1_760_000_000
    let keys = (0..<authors).map { TestKey("contributor \($0)") }
    let first = TestKey("captain").json(kind: 30904, createdAt: start, tags: campaign.tags, content: "# A far goal")
    return [(first, start)]
      + (1...count).map { index in
        let key = keys[Int.random(in: 0..<keys.count, using: &random)]
        let createdAt = start + UInt64(index)
        let content = "+\(Int.random(in: 1...1000, using: &random))"
        return (key.json(kind: 7, createdAt: createdAt, tags: campaign.contributionTags, content: content), createdAt)
      }
  }
}
