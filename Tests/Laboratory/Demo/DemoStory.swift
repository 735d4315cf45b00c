// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport

/// The demo: request lines as strfry writes them, live, in the order in which they came.
struct DemoStory {
  struct Scene {
    let line: [UInt8]
    /// What it shows, for the list beside the stream.
    let shows: String
  }

  private(set) var scenes: [Scene] = []
  private var clock: UInt64 = 1_760_000_000

  private let garden = DemoCampaigns.garden
  private let workshop = DemoCampaigns.workshop

  init() {
    tellGarden()
    tellWorkshop()
  }

  private mutating func tellGarden() {
    let (alice, bob, carol, dave, mallory) = (DemoCast.alice, DemoCast.bob, DemoCast.carol, DemoCast.dave, DemoCast.mallory)
    add(
      alice, kind: 1, tags: [], "Bonjour ! A shared garden in our cell?",
      "an ordinary note: no domain claims it, so it is accepted and nothing is kept")
    add(
      DemoCast.captain, kind: 30904, tags: garden.tags, garden.content,
      "a campaign in the markdown dialect (NIP-75), open for contributions: 100 Ẑ convertible, 20 Ẑ commons")
    add(alice, kind: 7, tags: garden.contribution(), "+", "a contribution of 1 Ẑ")
    let bobs = add(bob, kind: 7, tags: garden.contribution(), "+50", "a contribution of 50 Ẑ")
    add(carol, kind: 7, tags: garden.contribution("ZEN_COMMONS"), "+20", "a contribution to the other goal, which it reaches")
    add(dave, kind: 7, tags: garden.contribution(), "👍", "an ordinary reaction to the campaign: accepted, no money")
    add(dave, kind: 7, tags: garden.contribution(), "+1001", "an overdraft of the amount range (1 to 1000)")
    let forged = mallory.json(kind: 7, createdAt: next(), tags: garden.contribution(), content: "+100")
    scenes.append(Scene(line: line(Self.withFlippedBit(forged)), shows: "a forged signature: one bit of it is flipped"))
    add(DemoCast.garden, kind: 7, tags: garden.contribution(), "+10", "the Bien contributes to itself")
    add(dave, kind: 7, tags: [["t", "crowdfunding"], ["project-id", "CF-DEMO-NOWHERE"]], "+5", "a contribution to a project that nobody knows")
    scenes.append(Scene(line: line(bobs), shows: "an accepted event comes again: accepted again, and counted once"))
    add(dave, kind: 7, tags: garden.contribution(), "+49", "a contribution that reaches the last goal: the campaign is funded")
    add(mallory, kind: 7, tags: garden.contribution(), "+5", "a contribution after the goals are reached")
  }

  private mutating func tellWorkshop() {
    let voters = DemoCast.voters
    add(
      DemoCast.captain, kind: 30904, tags: workshop.tags, workshop.content,
      "a campaign in the Contract's JSON dialect, whose vote on the use of ASSETS is open")
    add(DemoCast.alice, kind: 7, tags: workshop.contribution(), "+5", "a contribution while the campaign waits for its vote")
    for number in 0..<3 { add(voters[number], kind: 7, tags: workshop.vote, "+10", "a vote of 10 Ẑ") }
    let second = add(voters[3], kind: 7, tags: workshop.oldVote, "+10", "a vote in the old dialect (t=crowdfunding, target=VOTE)")
    add(voters[0], kind: 7, tags: workshop.vote, "+25", "a double vote")
    add(
      DemoCast.captain, kind: 30904, tags: workshop.tags(status: "funded"), workshop.content(status: "funded"),
      "the captain calls it funded before the vote is approved")
    let id = (try? Event(parsing: second))?.id.hex ?? ""
    add(voters[3], kind: 5, tags: [["e", id], ["k", "7"]], "", "a voter takes the vote back while it is open")
    add(voters[3], kind: 7, tags: workshop.vote, "+10", "the same voter again: a vote that was taken back counts as cast")
    for number in 4..<10 { add(voters[number], kind: 7, tags: workshop.vote, "+10", "a vote of 10 Ẑ") }
    let last = add(voters[10], kind: 7, tags: workshop.vote, "+10", "the tenth voter that counts, and 100 Ẑ: threshold and quorum are reached")
    add(voters[11], kind: 7, tags: workshop.vote, "+10", "a vote after the approval")
    let approved = (try? Event(parsing: last))?.id.hex ?? ""
    add(voters[10], kind: 5, tags: [["e", approved], ["k", "7"]], "", "a vote is taken back after the approval: accepted, and nothing changes")
    add(
      DemoCast.captain, kind: 30904, tags: workshop.tags(status: "funded"), workshop.content(status: "funded"),
      "the captain calls it funded, which the vote bears out")
  }

  private mutating func next() -> UInt64 {
    clock += 60
    return clock
  }

  /// - Returns: the event's JSON.
  @discardableResult
  private mutating func add(_ key: TestKey, kind: UInt64, tags: [[String]], _ content: String, _ shows: String) -> [UInt8] {
    let event = key.json(kind: kind, createdAt: next(), tags: tags, content: content)
    scenes.append(Scene(line: line(event), shows: shows))
    return event
  }

  private func line(_ event: [UInt8]) -> [UInt8] { requestLine(json: event, receivedAt: clock + 1) }

  /// The last hex digit of `sig` with its lowest bit flipped.
  private static func withFlippedBit(_ json: [UInt8]) -> [UInt8] {
    var json = json
    let name = Array("\"sig\":\"".utf8)
    guard let start = json.indices.first(where: { json[$0...].starts(with: name) }) else { return json }
    let last = start + name.count + 127
    let digits = Array("0123456789abcdef".utf8)
    guard json.indices.contains(last), let digit = digits.firstIndex(of: json[last]) else { return json }
    json[last] = digits[digit ^ 1]
    return json
  }
}
