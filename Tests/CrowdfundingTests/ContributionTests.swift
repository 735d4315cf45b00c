// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import Ledger
import Nostr
import Policy
import TestSupport
import Testing

@Suite("Contributions")
struct ContributionTests {
  let relay: Relay

  init() throws {
    relay = try Relay()
    #expect(try relay.live(Sample.campaign(status: "crowdfunding")) == Relay.accept)
  }

  @Test("K1: an event that comes again gets the same answer, and nothing is written")
  func again() throws {
    let event = Sample.contribution()
    #expect(try relay.live(event) == Relay.accept)
    let rows = try relay.journalCount()
    #expect(try relay.live(event, at: Sample.start + 500) == Relay.accept)
    #expect(try relay.sync(event) == Relay.accept)
    #expect(try relay.journalCount() == rows)
    #expect(try relay.collected() == 500)
    #expect(try relay.followUps(.contributionReceipt).count == 1)
  }

  @Test("K2: + is 1, +N is N from 1 to 1000", arguments: [("+", 100), ("+1", 100), ("+1000", 100_000)] as [(String, UInt64)])
  func amount(content: String, hundredths: UInt64) throws {
    #expect(try relay.live(Sample.contribution(content)) == Relay.accept)
    #expect(try relay.collected() == hundredths)
  }

  @Test("K2: + and a digit that is no such number is refused", arguments: ["+0", "+05", "+1001", "+1.5", "+1 ", "+1a", "+99999999999999999999999"])
  func malformedAmount(content: String) throws {
    #expect(try relay.live(Sample.contribution(content)) == "invalid: invalid amount: a whole number from 1 to 1000")
  }

  @Test("K2: anything else is an ordinary reaction and moves no money", arguments: ["👍", "-", "bravo", "", "+a", "+ 5"])
  func ordinary(content: String) throws {
    let rows = try relay.journalCount()
    #expect(try relay.live(Sample.contribution(content, project: nil)) == Relay.accept)
    #expect(try relay.journalCount() == rows)
  }

  @Test("K3: the campaign is found by project-id, e, a or p")
  func references() throws {
    let first = Sample.campaign(status: "crowdfunding")
    let second = Sample.campaign(status: "crowdfunding", at: 10) { $0.append(["x", "news"]) }
    #expect(try relay.live(second) == Relay.accept)
    let address = "30904:\(Sample.captain.hex):crowdfund-48.85-2.35-jardin-CF-TEST-1"
    let references = [
      ["project-id", "CF-TEST-1"], ["e", first.id.hex], ["e", second.id.hex], ["a", address], ["p", Sample.bien.hex],
    ]
    for (index, reference) in references.enumerated() {
      let event = Sample.contribution("+1", by: TestKey(index), project: nil) { $0.append(reference) }
      #expect(try relay.live(event) == Relay.accept, "\(reference)")
    }
    #expect(try relay.collected() == 500)
  }

  @Test("K3: weaker references that are unknown here are ignored, and the last e counts")
  func mixedReferences() throws {
    let unknown = Sample.contribution("+1") {
      $0 += [["e", String(repeating: "ab", count: 32)], ["p", Sample.bien.hex], ["a", "30904:\(Sample.stranger.hex):snapshot"]]
    }
    #expect(try relay.live(unknown) == Relay.accept)
    let last = Sample.contribution("+1", by: TestKey("other"), project: nil) {
      $0 += [["e", String(repeating: "ab", count: 32)], ["e", Sample.campaign(status: "crowdfunding").id.hex]]
    }
    #expect(try relay.live(last) == Relay.accept)
  }

  @Test("K3: the strongest reference that is present decides alone: project-id, a, the last e, the last p")
  func strongest() throws {
    let known = Sample.campaign(status: "crowdfunding").id.hex
    let address = "30904:\(Sample.captain.hex):crowdfund-48.85-2.35-jardin-CF-TEST-1"
    let unknown = String(repeating: "ab", count: 32)
    // The first of each is unknown here, though the others name a campaign that is known.
    let references = [
      (
        [["p", Sample.bien.hex], ["e", known], ["a", address], ["project-id", "CF-NOT-HERE"]], "CF-NOT-HERE", "invalid: reaction names two campaigns"
      ),
      ([["e", unknown], ["project-id", "CF-NOT-HERE"]], "CF-NOT-HERE", "error: project not found"),
      ([["p", Sample.bien.hex], ["e", known], ["a", "30904:\(Sample.stranger.hex):x"]], Sample.stranger.pubkey.short, "error: project not found"),
      ([["p", Sample.bien.hex], ["e", unknown]], "abababab", "error: project not found"),
    ]
    for (index, (reference, shown, answer)) in references.enumerated() {
      for topic in ["crowdfunding", "vote-assets"] {
        let event = TestKey(index).event(kind: 7, createdAt: Sample.start + 100, tags: [["t", topic]] + reference, content: "+1")
        #expect(try relay.live(event) == answer, "\(shown) \(topic)")
        #expect(try relay.sync(event) == "error: missing campaign \(shown), parked", "\(shown) \(topic)")
      }
    }
    // From sync what is weaker says nothing, whatever it names.
    let other = Sample.campaign("CF-OTHER", status: "crowdfunding") {
      $0.remove("i")
      $0.removeAll { $0.last == "bien" }
    }
    try relay.live(other)
    let both = Sample.contribution("+7", project: "CF-OTHER") {
      $0 += [["e", known], ["a", address], ["p", Sample.bien.hex], ["i", "g1pub:\(Sample.otherWallet)"], ["k", "1"]]
    }
    #expect(try relay.live(both) == "invalid: k is neither 30904 nor 30023")
    #expect(try relay.sync(both) == Relay.accept)
    #expect(try relay.collected(.zenConvertible, "CF-OTHER") == 700)
    #expect(try relay.collected() == 0)
  }

  @Test("K6: a campaign's own cell names it for contributions and votes, though a stranger binds that cell as another campaign's Bien")
  func cellOfAnother() throws {
    try relay.live(
      Sample.campaign("CF-VOTE", status: "vote_pending") {
        $0.remove("i")
        $0.removeAll { $0.last == "bien" }
      })
    let squat = Sample.campaign("CF-SQUAT", status: "crowdfunding", by: Sample.stranger) {
      $0.remove("i")
      $0.remove("p")
      $0.append(["p", Sample.cell.hex, "", "bien"])
    }
    let other = TestKey("other Bien")
    let third = Sample.campaign("CF-THIRD", status: "crowdfunding", by: Sample.stranger) {
      $0.remove("i")
      $0.remove("p")
      $0.append(["p", other.hex, "", "bien"])
    }
    #expect(try relay.live(squat) == Relay.accept)
    #expect(try relay.live(third) == Relay.accept)
    let references = [["project-id", "CF-TEST-1"], ["e", Sample.campaign(status: "crowdfunding").id.hex]]
    for (number, reference) in references.enumerated() {
      func naming(_ key: TestKey) -> Event {
        Sample.contribution("+\(number + 1)", project: nil) { $0 += [reference, ["p", key.hex]] }
      }
      #expect(try relay.live(naming(Sample.cell)) == Relay.accept)
      #expect(try relay.live(naming(other)) == "invalid: reaction names two campaigns")
    }
    #expect(try relay.collected() == 300)
    #expect(try relay.live(Sample.vote(project: "CF-VOTE") { $0.append(["p", Sample.cell.hex]) }) == Relay.accept)
    #expect(try relay.campaign("CF-VOTE")?.record.vote.voters == 1)
    let two = Sample.vote(by: TestKey("b"), project: "CF-VOTE") { $0.append(["p", other.hex]) }
    #expect(try relay.live(two) == "invalid: reaction names two campaigns")
    #expect(try relay.live(Sample.contribution("+9", project: "CF-SQUAT") { $0.append(["p", Sample.cell.hex]) }) == Relay.accept)
  }

  @Test("K3: the address of a known node's snapshots names their project, live and from sync; a stranger's names nothing")
  func snapshotAddress() throws {
    let friend = TestKey("friend")
    let relay = try Relay(Relay.options { $0.followUps.nodes = [friend.pubkey] })
    func without(_ project: String) -> Event {
      Sample.campaign(project, status: "crowdfunding") {
        $0.remove("i")
        $0.removeAll { $0.last == "bien" }
      }
    }
    try relay.live(Sample.campaign(status: "crowdfunding"))
    try relay.live(without("CF-OTHER"))
    func naming(_ amount: String, _ key: TestKey, _ project: String, _ given: String? = nil) -> Event {
      Sample.contribution(amount, project: given) { $0.append(["a", "30904:\(key.hex):\(project):snapshot"]) }
    }
    #expect(try relay.live(naming("+1", Relay.node, "CF-TEST-1")) == Relay.accept)
    #expect(try relay.live(naming("+2", friend, "CF-TEST-1", "CF-TEST-1")) == Relay.accept)
    #expect(try relay.sync(naming("+4", friend, "CF-TEST-1")) == Relay.accept)
    #expect(try relay.collected() == 700)
    // What does not agree is refused live; the project-id alone decides from sync.
    #expect(try relay.live(naming("+8", friend, "CF-TEST-1", "CF-OTHER")) == "invalid: reaction names two campaigns")
    #expect(try relay.sync(naming("+8", friend, "CF-TEST-1", "CF-OTHER")) == Relay.accept)
    #expect(try relay.collected(.zenConvertible, "CF-OTHER") == 800)
    // A stranger's address is one that is unknown here.
    #expect(try relay.live(naming("+16", Sample.stranger, "CF-TEST-1")) == "error: project not found")
    #expect(try relay.live(naming("+32", Sample.stranger, "CF-TEST-1", "CF-OTHER")) == Relay.accept)
    // A project that is not known yet is waited for by its name, which any version brings.
    #expect(try relay.live(naming("+64", friend, "CF-LATER")) == "error: project not found")
    #expect(try relay.sync(naming("+64", friend, "CF-LATER")) == "error: missing campaign CF-LATER, parked")
    try relay.settle(without("CF-LATER"))
    #expect(try relay.collected(.zenConvertible, "CF-LATER") == 6400)
  }

  @Test("K3: several project-ids are one, or the reaction names two campaigns")
  func severalProjects() throws {
    #expect(try relay.live(Sample.contribution("+1") { $0.append(["project-id", "CF-TEST-1"]) }) == Relay.accept)
    #expect(try relay.live(Sample.contribution("+2") { $0.append(["project-id", "CF-TEST-2"]) }) == "invalid: reaction names two campaigns")
    #expect(try relay.sync(Sample.contribution("+2") { $0.append(["project-id", "CF-TEST-2"]) }) == "invalid: reaction names two campaigns")
    #expect(try relay.live(Sample.contribution("+2") { $0.append(["project-id", "nonsense"]) }) == "invalid: malformed project-id")
  }

  @Test("K6: asked live only: from sync what a reaction says besides its campaign refuses nothing")
  func detailsFromSync() throws {
    let tags = [["p", Sample.stranger.hex], ["i", "g1pub:\(Sample.otherWallet)"], ["i", Sample.wallet], ["k", "1"]]
    for (index, tag) in tags.enumerated() {
      #expect(try relay.sync(Sample.contribution("+1", by: TestKey(index)) { $0.append(tag) }) == Relay.accept, "\(tag)")
    }
    #expect(try relay.collected() == 400)
  }

  @Test("K10: the Bien's wallet is paid before the campaign's wallet tag, that before the configured one", arguments: [0, 1, 2])
  func recipient(case number: Int) throws {
    let configured = try #require(G1Key(Text(BindingTests.ss58)))
    let relay = try Relay(Relay.options { $0.wallets = [.zenConvertible: configured] })
    let campaign = Sample.campaign(status: "crowdfunding") {
      if number > 0 { $0.remove("i") }
      if number < 2 { $0.append(["wallet", "ASSETS", Sample.otherWallet]) }
    }
    try relay.live(campaign)
    let gift = Sample.contribution()
    try relay.live(gift)
    let transfer = try relay.store.read { try Ledger.transfer(gift.id, reading: $0) }
    #expect(transfer?.recipient == [Sample.wallet, Sample.otherWallet, BindingTests.ss58][number])
  }

  @Test("K3: a malformed project-id, two campaigns, and no campaign are refused")
  func badReferences() throws {
    let other = Sample.campaign("CF-OTHER", status: "crowdfunding") {
      $0.remove("i")
      $0.removeAll { $0.last == "bien" }
    }
    #expect(try relay.live(other) == Relay.accept)
    for id in ["CF-", "cf-test-1", "CF-TEST_1", "CF-" + String(repeating: "a", count: 65), ""] {
      #expect(try relay.live(Sample.contribution(project: id)) == "invalid: malformed project-id", "\(id)")
    }
    let two = Sample.contribution { $0.append(["e", other.id.hex]) }
    #expect(try relay.live(two) == "invalid: reaction names two campaigns")
    let bienOfAnother = Sample.contribution(project: "CF-OTHER") { $0.append(["p", Sample.bien.hex]) }
    #expect(try relay.live(bienOfAnother) == "invalid: reaction names two campaigns")
    let head = try #require(try relay.campaign()?.record.head?.id)
    let one = Sample.contribution { $0 += [["e", head.hex], ["p", Sample.bien.hex]] }
    #expect(try relay.live(one) == Relay.accept)
    #expect(try relay.live(Sample.contribution(project: nil)) == "invalid: no campaign is named")
  }

  @Test("K4: an unknown campaign is refused live, and waited for from sync")
  func unknownCampaign() throws {
    let event = Sample.contribution(project: "CF-LATER")
    #expect(try relay.live(event) == "error: project not found")
    #expect(try relay.parkedCount() == 0)
    #expect(try relay.sync(event) == "error: missing campaign CF-LATER, parked")
    #expect(try relay.parkedCount() == 1)
    let later = Sample.campaign("CF-LATER", status: "crowdfunding") {
      $0.remove("i")
      $0.removeAll { $0.last == "bien" }
    }
    #expect(try relay.live(later) == Relay.accept)
    #expect(try relay.judge.judgeAllReleased() == (1, 0))
    #expect(try relay.parkedCount() == 0)
    #expect(try relay.collected(.zenConvertible, "CF-LATER") == 500)
  }

  @Test("K5: live, the campaign has to collect now", arguments: ["draft", "vote_pending", "cancelled"])
  func inactive(status: String) throws {
    let relay = try Relay()
    try relay.live(Sample.campaign(status: status == "cancelled" ? "draft" : status))
    if status == "cancelled" { #expect(try relay.live(Sample.campaign(status: status, at: 1)) == Relay.accept) }
    #expect(try relay.live(Sample.contribution()) == "blocked: campaign not active (\(status))")
  }

  @Test("K5: once every goal is reached the campaign is funded and takes no more")
  func funded() throws {
    #expect(try relay.live(Sample.contribution("+1000")) == Relay.accept)
    #expect(try relay.campaign()?.status == .funded)
    #expect(try relay.live(Sample.contribution("+1", by: Sample.cell)) == "blocked: campaign not active (funded)")
  }

  @Test("K5: closed_at counts at receivedAt live, and at created_at from sync")
  func closed() throws {
    let relay = try Relay()
    try relay.live(Sample.campaign(status: "crowdfunding") { $0.append(["closed_at", "\(Sample.start + 200)"]) })
    let event = Sample.contribution(at: 100)
    #expect(try relay.live(event, at: Sample.start + 200) == "blocked: campaign not active (closed)")
    #expect(try relay.sync(event, at: Sample.start + 300) == Relay.accept)
    #expect(try relay.sync(Sample.contribution(at: 200, by: Sample.cell)) == "blocked: campaign not active (closed)")
    #expect(try relay.live(Sample.contribution(at: 100, by: Sample.cell), at: Sample.start + 199) == Relay.accept)
  }

  @Test("K6: p is the Bien or the cell, i the Bien's wallet, k 30904 or 30023")
  func details() throws {
    let accepted = [
      ["p", Sample.bien.hex], ["p", Sample.cell.hex], ["i", "g1pub:\(Sample.wallet)"], ["k", "30904"], ["k", "30023"],
    ]
    for (index, tag) in accepted.enumerated() {
      #expect(try relay.live(Sample.contribution("+1", by: TestKey(index)) { $0.append(tag) }) == Relay.accept, "\(tag)")
    }
    let refused = [
      (["p", Sample.stranger.hex], "p is not the campaign's Bien"), (["i", "g1pub:\(Sample.otherWallet)"], "i is not the Bien's wallet"),
      (["i", Sample.wallet], "i is not the Bien's wallet"), (["k", "1"], "k is neither 30904 nor 30023"),
    ]
    for (tag, words) in refused {
      #expect(try relay.live(Sample.contribution { $0.append(tag) }) == "invalid: \(words)", "\(tag)")
    }
  }

  @Test("K7: the target is one of the campaign's goals in ZEN")
  func target() throws {
    #expect(try relay.live(Sample.contribution { $0.append(["target", "ZEN_CONVERTIBLE"]) }) == Relay.accept)
    #expect(try relay.live(Sample.contribution { $0.append(["target", "ZEN_COMMONS"]) }) == "invalid: this campaign has no such goal")
    #expect(try relay.live(Sample.contribution { $0.append(["target", "G1"]) }) == "invalid: unknown target")
    #expect(try relay.live(Sample.contribution { $0.append(["target", "GOLD"]) }) == "invalid: unknown target")
  }

  @Test("K8: the Bien does not pay itself, and a payment does not expire")
  func author() throws {
    #expect(try relay.live(Sample.contribution(by: Sample.bien)) == "invalid: self contribution")
    #expect(try relay.live(Sample.contribution { $0.append(["expiration", "1900000000"]) }) == "invalid: a payment must not expire")
    #expect(try relay.live(Sample.contribution(by: Sample.cell)) == Relay.accept)
  }

  @Test("a poll and a reaction of another topic are not ours")
  func unclaimed() throws {
    let rows = try relay.journalCount()
    for tags in [
      [["t", "crowdfunding-vote"], ["vote", "approve"], ["t", "crowdfunding"], ["project-id", "CF-TEST-1"]], [["t", "collaborative-vote"]],
      [["t", "wotx-review"]], [],
    ] {
      #expect(try relay.live(Sample.stranger.event(kind: 7, createdAt: Sample.start, tags: tags, content: "+1")) == Relay.accept)
    }
    #expect(try relay.journalCount() == rows)
  }
}
