// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import TestSupport

/// The events of the scale test, made on demand: the same number always gives the same event.
struct ScaleEvents: Sendable {
  let campaignCount: Int
  private let captains: [TestKey]
  private let people: [TestKey]

  init(campaignCount: Int) {
    self.campaignCount = campaignCount
    captains = (0..<100).map { TestKey("captain \($0)") }
    people = (0..<1000).map { TestKey("person \($0)") }
  }

  static let start: UInt64 = 1_760_000_000

  /// Every tenth campaign waits for its vote; the others collect.
  static func isVoting(_ index: Int) -> Bool { index % 10 == 9 }

  private func shape(_ index: Int) -> CampaignShape {
    CampaignShape("CF-SCALE-\(index)", status: Self.isVoting(index) ? "vote_pending" : "crowdfunding")
  }

  func campaign(_ index: Int) -> [UInt8] {
    let content = "# Campaign \(index)\n\n" + String(repeating: "Un bien commun pour la cellule. ", count: 16)
    return captains[index % captains.count].json(kind: 30904, createdAt: Self.start, tags: shape(index).tags, content: content)
  }

  /// A tenth of all contributions goes to the first campaign, the others anywhere.
  func contribution(_ number: Int, to campaign: Int? = nil) -> [UInt8] {
    var random = SplitMix64(seed: UInt64(number))
    var index = campaign ?? (Int.random(in: 0..<10, using: &random) == 0 ? 0 : Int.random(in: 0..<campaignCount, using: &random))
    if Self.isVoting(index) { index -= 1 }
    let person = people[Int.random(in: 0..<people.count, using: &random)]
    let content = "+\(Int.random(in: 1...1000, using: &random))"
    return person.json(kind: 7, createdAt: Self.start + 1 + UInt64(number), tags: shape(index).contributionTags, content: content)
  }

  /// A vote by somebody who votes once, spread over the campaigns that wait for one.
  func vote(_ number: Int) -> [UInt8] {
    let voting = campaignCount / 10
    // 7919 is prime: neighbours in number are far apart in the tables.
    let index = number &* 7919 % voting * 10 + 9
    return TestKey("voter \(number)").json(
      kind: 7, createdAt: Self.start + 1 + UInt64(number), tags: shape(index).voteTags, content: "+1")
  }
}
