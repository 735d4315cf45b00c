// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import Nostr
import Policy
import TestSupport
import Testing

/// Streams of `../shared/corpus/cases`.
@Suite("Streams that ended differently", .enabled(if: Corpus.isPresent, "no corpus"))
struct CorpusTests {
  /// Request lines, or bare events as a relay exports them.
  private func judged(_ file: String) throws -> (Relay, [String]) {
    let relay = try Relay()
    let lines = try Corpus.lines(of: "cases/\(file).jsonl")
    try #require(!lines.isEmpty)
    let answers = try lines.map { line in
      let answer =
        line.starts(with: #"{"event""#.utf8)
        ? try relay.send(line: line)
        : Relay.text(relay.judge.judge(raw: line, in: Circumstances(receivedAt: 1_768_100_000, source: .other, isBare: true)).decision)
      try relay.judge.judgeAllReleased()
      return answer
    }
    return (relay, answers)
  }

  @Test("an export by date and one with the campaign first collect the same")
  func byDate() throws {
    let (first, _) = try judged("01-export-campaign-first")
    let (after, _) = try judged("01-export-by-date")
    for relay in [first, after] { #expect(try relay.collected(.zenConvertible, "CF-EX") == 1600) }
    #expect(try first.digest() == after.digest())
  }

  @Test("a deletion by address before its campaign and behind it deletes it")
  func deletion() throws {
    let (first, _) = try judged("02-deletion-a-first")
    let (after, _) = try judged("02-deletion-a-after")
    for relay in [first, after] {
      let view = try #require(try relay.campaign("CF-DEL"))
      #expect(view.record.head == nil)
    }
    #expect(try first.digest() == after.digest())
  }

  @Test("a deletion without k before its campaign and behind it deletes it")
  func deletionWithoutKind() throws {
    let (first, _) = try judged("03-deletion-without-k-first")
    let (after, _) = try judged("03-deletion-without-k-after")
    for relay in [first, after] {
      let view = try #require(try relay.campaign("CF-DEL"))
      #expect(view.record.head == nil)
    }
    #expect(try first.digest() == after.digest())
  }

  @Test("secrets in disguise are refused, every one")
  func secrets() throws {
    let (relay, answers) = try judged("05-secrets")
    #expect(answers == [String](repeating: CampaignTests.secret, count: answers.count))
    #expect(try relay.journalCount() == 0)
  }
}
