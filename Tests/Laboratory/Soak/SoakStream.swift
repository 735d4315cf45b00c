// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport

/// What one of the soak's processes is sent: answers depend on the order within the stream, never on the other process.
///
/// Chapters of about 60 lines. Each opens a campaign to be funded and one to be voted on, which only this stream touches; between, it contributes to
/// a campaign that both streams share and whose goal is far, and votes, at most 40 times, on a shared one that is never approved.
struct SoakStream {
  let lines: [[UInt8]]
  /// The campaigns of its own.
  let projects: [String]

  static let sharedFund = CampaignShape("CF-SOAK-FUND")
  static let sharedVote = CampaignShape("CF-SOAK-VOTE", status: "vote_pending")

  /// The campaigns that have to be there before the streams begin.
  static var preparation: [[UInt8]] {
    [sharedFund, sharedVote].map { shape in
      let event = TestKey("captain").json(kind: 30904, createdAt: 1_760_000_000, tags: shape.tags, content: "# Shared")
      return requestLine(json: event, receivedAt: 1_760_000_001)
    }
  }

  init(name: String, seed: UInt64, count: Int) {
    var writer = SoakWriter(name: name, seed: seed)
    while writer.lines.count < count { writer.writeChapter() }
    lines = writer.lines
    projects = writer.projects
  }
}

/// Writes a stream, chapter by chapter.
private struct SoakWriter {
  private let name: String
  private var random: SplitMix64
  private var clock: UInt64 = 1_760_000_100
  private var chapter = 0
  private var sharedVotes = 0
  private let people: [TestKey]
  private(set) var lines: [[UInt8]] = []
  private(set) var projects: [String] = []

  init(name: String, seed: UInt64) {
    self.name = name
    random = SplitMix64(seed: seed)
    people = (0..<40).map { TestKey("soak \(name) \($0)") }
  }

  mutating func writeChapter() {
    chapter += 1
    let fund = CampaignShape("CF-SOAK-\(name)-\(chapter)-FUND", target: 100)
    let vote = CampaignShape("CF-SOAK-\(name)-\(chapter)-VOTE", status: "vote_pending")
    projects += [fund.project, vote.project]
    for shape in [fund, vote] { add(TestKey("captain"), 30904, shape.tags, "# Chapter \(chapter)") }
    var votes: [(voter: Int, id: String)] = []
    for _ in 0..<60 {
      let person = people[Int.random(in: 0..<people.count, using: &random)]
      switch Int.random(in: 0..<100, using: &random) {
      case 0..<45: add(person, 7, SoakStream.sharedFund.contributionTags, "+\(Int.random(in: 1...1000, using: &random))")
      case 45..<58: add(person, 7, fund.contributionTags, "+\(Int.random(in: 1...40, using: &random))")
      case 58..<78:
        let voter = votes.count % people.count
        votes.append((voter, add(people[voter], 7, vote.voteTags, "+10")))
      case 78..<82:
        if let cast = votes.randomElement(using: &random) { add(people[cast.voter], 7, vote.voteTags, "+7") }
      case 82..<86:
        // The first five voters: with them alone no vote is approved, so theirs is open or counts for good.
        if let cast = votes.prefix(5).randomElement(using: &random) { add(people[cast.voter], 5, [["e", cast.id], ["k", "7"]], "") }
      case 86..<89: add(person, 7, fund.contributionTags, "+1001")
      case 89..<92: add(person, 7, [["t", "crowdfunding"], ["project-id", "CF-SOAK-NOWHERE"]], "+1")
      case 92..<96:
        if sharedVotes < 40 {
          add(people[sharedVotes], 7, SoakStream.sharedVote.voteTags, "+1")
          sharedVotes += 1
        }
      default: add(person, 1, [], "A note of chapter \(chapter)")
      }
    }
  }

  /// - Returns: the event's id.
  @discardableResult
  private mutating func add(_ key: TestKey, _ kind: UInt64, _ tags: [[String]], _ content: String) -> String {
    clock += 1
    let event = key.event(kind: kind, createdAt: clock, tags: tags, content: content)
    lines.append(requestLine(event, receivedAt: clock + 1))
    return event.id.hex
  }
}
