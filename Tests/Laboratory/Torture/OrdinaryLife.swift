// SPDX-License-Identifier: AGPL-3.0-or-later
import Groups
import Nostr
import TestSupport

/// What happens where nobody attacks: a campaign with contributions and votes, a collective with merits, a group with its proposals.
enum OrdinaryLife {
  /// The last line first.
  static func lines(_ number: UInt64, _ random: inout SplitMix64) throws -> [TortureLine] {
    let scene = HostileScene(seed: random.next(), seconds: 3600, judge: nil)
    try campaign(scene, &random)
    try collective(scene)
    try group(scene)
    return scene.sent.reversed().map { TortureStream.line($0, "ordinary") }
  }

  private static func campaign(_ scene: HostileScene, _ random: inout SplitMix64) throws {
    let money = scene.campaign("MONEY")
    let vote = scene.campaign("VOTE", status: "vote_pending")
    try scene.send(30904, by: scene.key(0), money.tags, "# A garden")
    try scene.send(30904, by: scene.key(0), vote.tags, "# A vote")
    for author in 1...20 {
      let id = try scene.send(7, by: scene.key(author), money.contributionTags, "+\(Int.random(in: 1...1000, using: &random))")
      if author % 5 == 0 { try scene.send(5, by: scene.key(author), [["k", "7"], ["e", id]]) }
      try scene.send(7, by: scene.key(author), vote.voteTags, "+\(author)")
    }
    try scene.send(30904, by: scene.key(0), money.tags, "# A garden, again")
  }

  private static func collective(_ scene: HostileScene) throws {
    var collective = Collective(scene, scene.key(0))
    try collective.ignite()
    try collective.mint(6) { scene.key($0) }
    for number in 0..<10 { try collective.publish(content: "\(number)") }
  }

  private static func group(_ scene: HostileScene) throws {
    let kinds = GroupKinds()
    let id = try scene.send(
      kinds.initGroup, by: scene.key(0), [], "{\"members\":[\((0..<5).map { "\"\(scene.key($0).hex)\"" }.joined(separator: ","))]}")
    scene.now += 20 * 86_400
    let proposal = try scene.send(kinds.proposal, by: scene.key(1), [["group", id], ["parent", id]], "{\"remove\":[4]}")
    var votes: [[String]] = []
    for voter in 0..<4 {
      votes.append(["vote", try scene.send(kinds.vote, by: scene.key(voter), [["group", id], ["proposal", proposal]], "true")])
    }
    var tip = try scene.send(kinds.modification, by: scene.key(0), [["group", id], ["parent", id], ["proposal", proposal]] + votes)
    for _ in 0..<10 {
      tip = try scene.send(kinds.modification, by: scene.key(2), [["group", id], ["parent", tip]], "{\"add\":[\"\(scene.word())\"]}")
    }
  }
}
