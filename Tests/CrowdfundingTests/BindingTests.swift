// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import Nostr
import Policy
import StateStore
import TestSupport
import Testing

@Suite("Who may change a campaign, and what it is bound to")
struct BindingTests {
  static let ss58 = "5HKnmtPPXsvKcb7QMysnFDp86hhhhAx6eN4tGMpDv279Pm2B"
  static let ss58OfG1 = "g1QErXxaiEB1EE1UjxvpJqrTrSoxLmksPYmNGbhK7VKpGVfA2"
  static let listed = TestKey("listed captain")

  private func relay() throws -> Relay { try Relay(Relay.options { $0.captains = [Self.listed.pubkey] }) }

  private func campaign(
    _ project: String = "CF-TEST-1", at seconds: UInt64 = 0, by author: TestKey = Sample.captain, bien: TestKey? = Sample.bien,
    wallet: String? = Sample.wallet, captain: TestKey? = nil, status: String = "draft"
  ) -> Event {
    Sample.campaign(project, status: status, at: seconds, by: author) {
      $0.removeAll { $0.last == "bien" || $0.first == "i" }
      if let bien { $0.append(["p", bien.hex, "", "bien"]) }
      if let wallet { $0.append(["i", "g1pub:\(wallet)"]) }
      if let captain { $0.append(["captain", captain.hex]) }
    }
  }

  @Test("C11: captain, cell and Bien create and change, nobody else; the end is the captain's alone")
  func authors() throws {
    for author in [Sample.captain, Sample.cell, Sample.bien] {
      #expect(try relay().live(campaign(by: author, captain: Sample.captain)) == Relay.accept)
    }
    #expect(
      try relay().live(campaign(by: Sample.stranger, captain: Sample.captain)) == "restricted: only the designated captain may create this campaign")
    let relay = try relay()
    try relay.live(campaign())
    for (index, author) in [Sample.cell, Sample.bien].enumerated() {
      #expect(try relay.live(campaign(at: 10 + UInt64(index), by: author, captain: Sample.captain)) == Relay.accept)
    }
    #expect(try relay.live(campaign(at: 20, by: Sample.stranger)) == "restricted: only the captain may change this campaign")
    #expect(try relay.live(campaign(at: 20, by: Sample.cell, status: "cancelled")) == "restricted: only the captain may finalise")
    #expect(try relay.live(campaign(at: 21, status: "cancelled")) == Relay.accept)
  }

  @Test("C11: with creators = captains the captain is one of the list")
  func creators() throws {
    let relay = try Relay(
      Relay.options {
        $0.captains = [Self.listed.pubkey]
        $0.creators = .captains
      })
    #expect(try relay.live(campaign()) == "restricted: only the designated captain may create this campaign")
    #expect(try relay.live(campaign(by: Self.listed)) == Relay.accept)
  }

  @Test("C12: the Bien's own version that adds a wallet gives the same campaign whichever came first")
  func addedWallet() throws {
    let first = campaign(wallet: nil, captain: Sample.captain, status: "crowdfunding")
    for second in [
      campaign(at: 50, by: Sample.bien, captain: Sample.captain, status: "crowdfunding"),
      campaign(at: 50, by: Sample.bien, captain: Sample.captain, status: "funded"),
    ] {
      let digests = try [[first, second], [second, first]].map { order in
        let node = try relay()
        for event in order { #expect(try node.sync(event) == Relay.accept) }
        #expect(try node.journalCount() == 2)
        return try node.digest()
      }
      #expect(digests[0] == digests[1])
    }
    // One that contradicts displaces what nothing vouched for, as before.
    let other = try relay()
    try other.live(campaign(captain: Sample.captain))
    #expect(try other.live(campaign(at: 50, by: Sample.bien, wallet: Sample.otherWallet, captain: Sample.captain)) == Relay.accept)
  }

  @Test("C1: a live version is newer than the head; of equal times the lowest id wins")
  func newer() throws {
    let relay = try relay()
    let twins = [campaign(at: 10), campaign(at: 10, wallet: nil)].sorted { $0.id < $1.id }
    try relay.live(twins[1])
    #expect(try relay.live(campaign(at: 9)) == "duplicate: a newer version is known")
    #expect(try relay.live(twins[0]) == Relay.accept)
    #expect(try relay.live(twins[1]) == "duplicate: superseded by \(twins[0].id.short)")
    #expect(try relay.live(twins[0]) == Relay.accept)
    #expect(try relay.sync(campaign(at: 8)) == Relay.accept)
    #expect(try relay.campaign()?.record.head?.id == twins[0].id)
  }

  @Test("C12: captain, Bien and wallet are bound for ever; base58 and SS58 spell one wallet")
  func bound() throws {
    let relay = try relay()
    try relay.live(campaign())
    #expect(try relay.live(campaign(at: 1, captain: Sample.stranger)) == "blocked: project-id is bound to another captain")
    #expect(try relay.live(campaign(at: 1, bien: Sample.stranger)) == "blocked: the Bien of a project cannot change")
    #expect(try relay.live(campaign(at: 1, wallet: Sample.otherWallet)) == "blocked: the Bien's wallet cannot change")
    #expect(try relay.live(campaign(at: 2, wallet: Self.ss58)) == Relay.accept)
    #expect(try relay.live(campaign(at: 3, wallet: Self.ss58OfG1)) == Relay.accept)
    #expect(try relay.live(campaign("CF-TEST-2", wallet: nil)) == "blocked: the Bien belongs to another project")
    #expect(try relay.live(campaign("CF-TEST-2", bien: nil, wallet: Self.ss58)) == "blocked: the Bien belongs to another project")
    #expect(try relay.live(campaign("CF-TEST-2", bien: nil, wallet: nil)) == Relay.accept)
  }

  @Test("C12: a version signed by the Bien or by a listed captain makes the binding trusted, and so does the operator")
  func trust() throws {
    let relay = try relay()
    try relay.live(campaign("CF-A", wallet: nil))
    #expect(try relay.campaign("CF-A")?.record.trust == CampaignTrust.none)
    try relay.live(campaign("CF-A", at: 1, by: Sample.bien, wallet: nil, captain: Sample.captain))
    #expect(try relay.campaign("CF-A")?.record.trust == .bien)
    try relay.live(campaign("CF-B", by: Self.listed, bien: nil))
    #expect(try relay.campaign("CF-B")?.record.trust == .captain)
    try relay.live(campaign("CF-C", bien: nil, wallet: nil))
    let decision = OperatorDecision(domain: .crowdfunding, action: "trust", subject: "CF-C", by: "me", reason: "I know them", at: Sample.start)
    try relay.judge.carryOut(decision)
    #expect(try relay.campaign("CF-C")?.record.trust == .operator)
  }

  @Test("C12: a version signed by the Bien displaces an untrusted binding of that Bien, judged as a first version")
  func displacedByBien() throws {
    let relay = try relay()
    try relay.live(campaign(at: 500, by: Sample.stranger, wallet: Sample.otherWallet, status: "crowdfunding"))
    #expect(try relay.live(campaign(at: 10)) == "duplicate: a newer version is known")
    let own = campaign(at: 10, by: Sample.bien, captain: Sample.captain)
    #expect(try relay.live(own) == Relay.accept)
    let record = try #require(try relay.campaign()?.record)
    #expect(record.captain == Sample.captain.pubkey)
    #expect(record.wallet?.text == Sample.wallet)
    #expect(record.head?.id == own.id)
    #expect(record.trust == .bien)
    #expect(try relay.live(campaign(at: 600, by: Sample.stranger)) == "restricted: only the captain may change this campaign")
    #expect(try relay.live(campaign("CF-NEXT", bien: nil, wallet: Sample.otherWallet)) == Relay.accept)
  }

  @Test("C12: a Bien takes itself back from another, untrusted project, but from no trusted one")
  func takenBack() throws {
    let relay = try relay()
    try relay.live(campaign("CF-THIEF", by: Sample.stranger, wallet: Sample.wallet))
    #expect(try relay.live(campaign("CF-TRUE")) == "blocked: the Bien belongs to another project")
    #expect(try relay.live(campaign("CF-TRUE", by: Sample.bien)) == Relay.accept)
    #expect(try relay.campaign("CF-THIEF")?.record.bien == nil)
    #expect(try relay.campaign("CF-THIEF")?.record.wallet == nil)
    #expect(try relay.live(campaign("CF-SECOND", by: Sample.bien, wallet: nil)) == "blocked: the Bien belongs to another project")
  }

  @Test("C12: a Bien that first appears in the same version proves nothing about a wallet that others have bound")
  func freshBien() throws {
    let relay = try relay()
    try relay.live(campaign("CF-OLD", bien: TestKey("old bien")))
    let fresh = TestKey("fresh bien")
    #expect(try relay.live(campaign("CF-NEW", by: fresh, bien: fresh)) == "blocked: the Bien belongs to another project")
    #expect(try relay.live(campaign("CF-NEW", by: fresh, bien: fresh, wallet: Sample.otherWallet)) == Relay.accept)
  }

  @Test("C12: a listed captain displaces any untrusted binding")
  func displacedByCaptain() throws {
    let relay = try relay()
    try relay.live(campaign("CF-OLD", bien: TestKey("old bien")))
    #expect(try relay.live(campaign("CF-NEW", by: Self.listed, bien: Sample.bien)) == Relay.accept)
    #expect(try relay.campaign("CF-OLD")?.record.wallet == nil)
    #expect(try relay.live(campaign("CF-OLD", at: 1, by: Self.listed, bien: nil, wallet: nil)) == Relay.accept)
    #expect(try relay.campaign("CF-OLD")?.record.captain == Self.listed.pubkey)
  }

  @Test("C12: a campaign that the operator trusts keeps its binding, and takes a wallet from an untrusted one")
  func trustedByOperator() throws {
    let relay = try relay()
    try relay.live(campaign("CF-THIEF", by: Sample.stranger))
    try relay.live(campaign("CF-TRUE", bien: nil, wallet: nil))
    #expect(try relay.live(campaign("CF-TRUE", at: 1)) == "blocked: the Bien belongs to another project")
    try relay.judge.carryOut(OperatorDecision(domain: .crowdfunding, action: "trust", subject: "CF-TRUE", by: "me", reason: "seen", at: 1))
    #expect(try relay.live(campaign("CF-TRUE", at: 1)) == Relay.accept)
    #expect(try relay.campaign("CF-TRUE")?.record.bien == Sample.bien.pubkey)
    #expect(try relay.live(campaign("CF-TRUE", at: 2, by: Self.listed)) == "restricted: only the captain may change this campaign")
  }
}
