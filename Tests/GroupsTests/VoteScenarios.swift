// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport
import Testing

@testable import Groups

@Suite("GT-V: votes and majorities") struct VoteScenarios {
  let world: World

  init() throws { world = try World() }

  @Test("GT-V01 in a fresh group nobody is tenured: no vote is needed")
  func fresh() {
    let group = world.group(3)
    let proposal = world.propose(World.remove(2), by: "A", in: group, at: t(5))
    #expect(world.modify(by: "A", in: group, at: t(5) + hour, [(proposal.id, [])]).isAccepted)
  }

  @Test("GT-V02 and V03 from 7 to 10 days only consent removes")
  func consentOnly() {
    let group = world.group(3)
    let proposal = world.propose(World.remove(2), by: "A", in: group, at: t(8)).id
    #expect(world.modify(by: "A", in: group, at: t(8) + hour, [(proposal, [])]).message.hasPrefix("invalid: insufficient votes (0/0"))
    #expect(world.vote("true", by: "B", on: proposal, in: group, at: t(8) + hour).message == "restricted: no voting rights")
    let consent = world.vote("true", by: "C", on: proposal, in: group, at: t(8) + hour)
    #expect(consent.isAccepted)
    #expect(world.modify(by: "A", in: group, at: t(8) + 2 * hour, [(proposal, [consent.id])]).isAccepted)
  }

  /// G5, twenty days old, A proposes to remove C.
  private func removal(_ world: World? = nil) -> (group: EventID, proposal: EventID) {
    let world = world ?? self.world
    let group = world.group(5)
    return (group, world.propose(World.remove(2), by: "A", in: group, at: t(20)).id)
  }

  @Test("GT-V04 and V06 two of five are too few, four of five enough")
  func superMajority() {
    let (group, proposal) = removal()
    #expect(world.modify(by: "B", in: group, at: t(20) + hour, [(proposal, [])]).message.hasPrefix("invalid: insufficient votes (2/5"))
    let votes = ["D", "E"].map { world.vote("true", by: $0, on: proposal, in: group, at: t(20) + hour) }
    #expect(!votes.contains { !$0.isAccepted })
    #expect(world.modify(by: "B", in: group, at: t(20) + 2 * hour, [(proposal, votes.map(\.id))]).isAccepted)
    #expect(world.vote("true", by: "D", on: proposal, in: group, at: t(20) + 3 * hour).message == "invalid: proposal already implemented")
  }

  @Test("GT-V22 a vote names the group of its proposal")
  func otherGroup() {
    let (group, proposal) = removal()
    let other = world.group(3, at: T + 1)
    #expect(world.vote("true", by: "B", on: proposal, in: other, at: t(20) + hour).message == "invalid: proposal belongs to another group")
    #expect(world.vote("true", by: "B", on: proposal, in: group, at: t(20) + hour).isAccepted)
  }

  @Test("GT-V23 nobody votes on what was carried out")
  func implemented() {
    let (group, proposal) = removal()
    let votes = ["D", "E"].map { world.vote("true", by: $0, on: proposal, in: group, at: t(20) + hour) }
    #expect(votes.allSatisfy { $0.isAccepted })
    #expect(world.modify(by: "B", in: group, at: t(20) + 2 * hour, [(proposal, votes.map(\.id))]).isAccepted)
    #expect(world.vote("true", by: "D", on: proposal, in: group, at: t(20) + 3 * hour).message == "invalid: proposal already implemented")
  }

  @Test("GT-V07 a simple majority is enough after ten days without opposition, not a second before, not with one against")
  func simpleMajority() {
    let (group, proposal) = removal()
    let vote = world.vote("true", by: "D", on: proposal, in: group, at: t(20) + hour).id
    #expect(world.modify(by: "B", in: group, at: t(30) - 1, [(proposal, [vote])]).message.hasPrefix("invalid: insufficient votes (3/5, 0 against"))
    #expect(world.modify(by: "B", in: group, at: t(30), [(proposal, [vote])]).isAccepted)
  }

  @Test("a vote against stops a simple majority, also when the modification does not name it")
  func opposition() {
    let (group, proposal) = removal()
    let vote = world.vote("true", by: "D", on: proposal, in: group, at: t(20) + hour).id
    world.vote("false", by: "E", on: proposal, in: group, at: t(21))
    #expect(world.modify(by: "B", in: group, at: t(30), [(proposal, [vote])]).message.hasPrefix("invalid: insufficient votes (3/5, 1 against"))
  }

  @Test("GT-V10 the latest ballot counts")
  func changedMind() {
    let (group, proposal) = removal()
    let d = world.vote("true", by: "D", on: proposal, in: group, at: t(20) + 10).id
    let no = world.vote("false", by: "E", on: proposal, in: group, at: t(20) + 20).id
    #expect(world.modify(by: "B", in: group, at: t(20) + 30, [(proposal, [d, no])]).message.hasPrefix("invalid: insufficient votes (3/5, 1 against"))
    let yes = world.vote("true", by: "E", on: proposal, in: group, at: t(20) + 40).id
    #expect(world.modify(by: "B", in: group, at: t(20) + hour, [(proposal, [d, yes])]).isAccepted)
  }

  @Test("GT-V12 and V13 without a majority on the tenth day it is rejected for good")
  func rejected() {
    let (group, proposal) = removal()
    world.vote("true", by: "B", on: proposal, in: group, at: t(21))
    #expect(world.modify(by: "B", in: group, at: t(30) + 1, [(proposal, [])]).message == "invalid: proposal rejected")
    #expect(world.vote("true", by: "D", on: proposal, in: group, at: t(30) + 1).message == "invalid: proposal was rejected")
    #expect(world.vote("true", by: "D", on: proposal, in: group, at: t(30)).isAccepted)
  }

  @Test("GT-V14 a removal expires after thirty days")
  func expiry() throws {
    for (time, isInTime) in [(t(50), true), (t(50) + 1, false)] {
      let world = try World()
      let (group, proposal) = removal(world)
      let votes = ["D", "E"].map { world.vote("true", by: $0, on: proposal, in: group, at: t(21)).id }
      let sent = world.modify(by: "B", in: group, at: time, [(proposal, votes)])
      #expect(sent.message == (isInTime ? "" : "invalid: proposal expired"))
      if !isInTime { #expect(world.vote("true", by: "B", on: proposal, in: group, at: time).message == "invalid: proposal expired") }
    }
  }

  @Test("a vote at the end of the thirtieth day counts, a second later it is too late")
  func lastVote() {
    let (group, proposal) = removal()
    for name in ["D", "E"] { world.vote("true", by: name, on: proposal, in: group, at: t(21)) }
    #expect(world.vote("true", by: "B", on: proposal, in: group, at: t(50) + 1).message == "invalid: proposal expired")
    #expect(world.vote("true", by: "B", on: proposal, in: group, at: t(50)).isAccepted)
  }

  @Test("of two ballots of one account that are equally late, the one with the lower id counts")
  func equallyLate() throws {
    for value in ["true", "false"] {
      let world = try World()
      let (group, proposal) = removal(world)
      let d = world.vote("true", by: "D", on: proposal, in: group, at: t(21)).id
      // The value whose vote has the lower id, from some second on.
      var ballots: [(value: String, id: EventID)] = []
      var time = t(21)
      repeat {
        time += 1
        ballots = ["true", "false"].map { ballot in
          let tags = [["group", group.hex], ["proposal", proposal.hex]]
          return (ballot, World.key("E").event(kind: 4832, createdAt: time, tags: tags, content: ballot).id)
        }.sorted { $0.id < $1.id }
      } while ballots[0].value != value
      for ballot in ["true", "false"] { #expect(world.vote(ballot, by: "E", on: proposal, in: group, at: time).isAccepted) }
      let sent = world.modify(by: "B", in: group, at: time + 1, [(proposal, [d] + ballots.map(\.id))])
      #expect(sent.isAccepted == (value == "true"), "\(sent)")
      if value == "false" { #expect(sent.message.hasPrefix("invalid: insufficient votes (3/5, 1 against")) }
    }
  }

  @Test("from sync votes are stored whatever was decided meanwhile: carried out, rejected, or the sixth of one voter")
  func syncedVotes() throws {
    let group = world.group(5)
    let done = world.propose(World.add("Z"), by: "A", in: group, at: t(20)).id
    world.modify(by: "A", in: group, at: t(21), [(done, [])])
    #expect(world.vote("true", by: "B", on: done, in: group, at: t(22)).message == "invalid: proposal already implemented")
    #expect(world.vote("true", by: "B", on: done, in: group, at: t(22), source: "Sync").isAccepted)
    let rejected = world.propose(World.remove(2), by: "A", in: group, at: t(22)).id
    #expect(world.vote("true", by: "D", on: rejected, in: group, at: t(33)).message == "invalid: proposal was rejected")
    #expect(world.vote("true", by: "D", on: rejected, in: group, at: t(33), source: "Sync").isAccepted)
    #expect(world.modify(by: "B", in: group, at: t(33) + 1, [(rejected, [])]).message == "invalid: proposal rejected", "it came after the tenth day")
    for index in 1...6 { #expect(world.vote("true", by: "E", on: rejected, in: group, at: t(33) + UInt64(index), source: "Sync").isAccepted) }
    #expect(world.vote("true", by: "E", on: rejected, in: group, at: t(53), source: "Sync").message == "invalid: proposal expired")
    #expect(try world.rebuilt().digest() == world.digest())
  }

  @Test("GT-V16 and V17 of two, nobody removes the other; everybody may leave")
  func two() {
    let group = world.group(2)
    let proposal = world.propose(World.remove(1), by: "A", in: group, at: t(20)).id
    #expect(world.modify(by: "A", in: group, at: t(20) + hour, [(proposal, [])]).message.hasPrefix("invalid: insufficient votes (1/2"))
    #expect(world.modify(by: "A", in: group, at: t(30), [(proposal, [])]).message.hasPrefix("invalid: insufficient votes (1/2"))
    let own = world.propose(World.remove(0), by: "A", in: group, at: t(30)).id
    #expect(world.modify(by: "A", in: group, at: t(30) + 1, [(own, [])]).isAccepted)
  }

  @Test("GT-V18 the last administrator cannot leave")
  func lastAdministrator() {
    let group = world.group(2)
    let first = world.propose(World.remove(0), by: "A", in: group, at: t(20)).id
    let second = world.propose(World.remove(1), by: "B", in: group, at: t(20)).id
    #expect(world.modify(by: "B", in: group, at: t(20) + 1, [(second, [])]).isAccepted)
    #expect(world.modify(by: "A", in: group, at: t(20) + 2, [(first, [])]).message == "invalid: group would have no administrators")
  }

  @Test("GT-V19, V20, V21, V22 who may vote, when, on what, and how")
  func shape() {
    let (group, proposal) = removal()
    let other = world.group(3, at: T + 1)
    #expect(world.vote("true", by: "X", on: proposal, in: group, at: t(20) + 1).message == "restricted: no voting rights")
    #expect(world.vote("true", by: "B", on: proposal, in: group, at: t(20)).message == "invalid: created_at must be after the proposal")
    #expect(world.vote("yes", by: "B", on: proposal, in: group, at: t(20) + 1).message == "invalid: vote must be true or false")
    #expect(world.vote("true", by: "A", on: proposal, in: other, at: t(20) + 1).message == "invalid: proposal belongs to another group")
    #expect(world.vote("\"true\"", by: "B", on: proposal, in: group, at: t(20) + 1).isAccepted)
    let bare = world.send(4832, by: "B", at: t(20) + 1, tags: [["group", group.hex]], content: "true")
    #expect(bare.message == "invalid: proposal tag missing")
    let random = EventID(hex: String(repeating: "7", count: 64))!
    #expect(world.vote("true", by: "B", on: random, in: group, at: t(20) + 1).message.hasPrefix("error: unknown proposal"))
    #expect(world.vote("true", by: "B", on: random, in: group, at: t(20) + 1, source: "Sync").message == "error: missing proposal 77777777, parked")
  }

  @Test("GT-V25 and V26 an administrator of six days needs no vote, of seven days one")
  func newAdministrators() throws {
    let group = world.group(5)
    world.modify(World.add("R"), by: "A", in: group, at: t(14))
    let proposal = world.propose(World.remove(5), by: "A", in: group, at: t(20)).id
    #expect(world.modify(by: "B", in: group, at: t(20) + hour, [(proposal, [])]).isAccepted)

    let other = try World()
    let three = other.group(3)
    other.modify(World.add("R"), by: "A", in: three, at: t(13))
    let second = other.propose(World.remove(3), by: "A", in: three, at: t(20)).id
    #expect(other.modify(by: "A", in: three, at: t(20) + 1, [(second, [])]).message.hasPrefix("invalid: insufficient votes (1/3"))
    #expect(other.modify(by: "B", in: three, at: t(20) + 2, [(second, [])]).isAccepted)
  }

  /// E leaves G5 by its own consent.
  private func leave(_ world: World, _ group: EventID, at time: UInt64) {
    let proposal = world.propose(World.remove(4), by: "E", in: group, at: time)
    #expect(world.modify(by: "A", in: group, at: time + 1, [(proposal.id, [])]).isAccepted)
  }

  @Test("GT-V28 and V29 who left eleven days ago, or was there for less than thirty, has no vote any more")
  func formerAdministrators() throws {
    let group = world.group(5)
    leave(world, group, at: t(9))
    let proposal = world.propose(World.remove(2), by: "A", in: group, at: t(20) + 2).id
    #expect(world.vote("true", by: "E", on: proposal, in: group, at: t(20) + 3).message == "restricted: no voting rights")
    #expect(world.modify(by: "B", in: group, at: t(20) + 3, [(proposal, [])]).message.hasPrefix("invalid: insufficient votes (2/4"))

    let other = try World()
    let five = other.group(5)
    leave(other, five, at: t(20))
    let second = other.propose(World.remove(2), by: "A", in: five, at: t(25)).id
    #expect(other.vote("true", by: "E", on: second, in: five, at: t(25) + 1).message == "restricted: no voting rights")
  }

  @Test("who left within ten days after more than thirty still votes, and weighs one")
  func formerVoter() {
    let group = world.group(5)
    leave(world, group, at: t(40))
    let proposal = world.propose(World.remove(2), by: "A", in: group, at: t(45)).id
    let vote = world.vote("true", by: "E", on: proposal, in: group, at: t(45) + 1)
    #expect(vote.isAccepted)
    #expect(world.modify(by: "B", in: group, at: t(45) + 2, [(proposal, [vote.id])]).message.hasPrefix("invalid: insufficient votes (3/5"))
  }

  @Test("GT-V30 and V32 votes count when they are named, and known")
  func named() {
    let (group, proposal) = removal()
    let d = world.vote("true", by: "D", on: proposal, in: group, at: t(20) + 1).id
    world.vote("true", by: "E", on: proposal, in: group, at: t(20) + 1)
    #expect(world.modify(by: "B", in: group, at: t(20) + 2, [(proposal, [d])]).message.hasPrefix("invalid: insufficient votes (3/5"))
    let random = EventID(hex: String(repeating: "7", count: 64))!
    #expect(world.modify(by: "B", in: group, at: t(20) + 2, [(proposal, [random])]).message.hasPrefix("error: unknown vote"))
    #expect(world.modify(by: "B", in: group, at: t(20) + 2, [(proposal, [random])], source: "Sync").message == "error: missing vote 77777777, parked")
  }

  @Test("GT-V33 with the option off a modification is no vote")
  func authorDoesNotCount() throws {
    let world = try World { $0.modificationCountsAsVote = false }
    let (group, proposal) = removal(world)
    let votes = ["D", "E"].map { world.vote("true", by: $0, on: proposal, in: group, at: t(20) + 1).id }
    #expect(world.modify(by: "B", in: group, at: t(20) + 2, [(proposal, votes)]).message.hasPrefix("invalid: insufficient votes (3/5"))
  }

  @Test("GT-V34 an author's modification outweighs an earlier no")
  func authorAgainst() {
    let (group, proposal) = removal()
    world.vote("false", by: "B", on: proposal, in: group, at: t(20) + 1)
    let votes = ["D", "E"].map { world.vote("true", by: $0, on: proposal, in: group, at: t(20) + 1).id }
    #expect(world.modify(by: "B", in: group, at: t(20) + 2, [(proposal, votes)]).isAccepted)
  }

  @Test("GT-V35 another admin group removes those whom it leaves out")
  func adminSwitch() throws {
    let group = world.group(3)
    let admin = world.group(2, at: T + 1)
    let proposal = world.propose("{\"admin\":\"\(admin.hex)\"}", by: "A", in: group, at: t(20)).id
    #expect(world.modify(by: "A", in: group, at: t(20) + 1, [(proposal, [])]).message.hasPrefix("invalid: insufficient votes (1/3"))
    #expect(world.modify(by: "B", in: group, at: t(20) + 1, [(proposal, [])]).isAccepted)
    #expect(try world.administrators(group, at: t(21)) == ["A", "B"])
  }

  @Test("GT-V37 who stands twice has two votes")
  func duplicateWeight() {
    let group = world.initGroup(["A", "A", "B", "C"]).id
    let proposal = world.propose(World.remove(3), by: "A", in: group, at: t(20)).id
    #expect(world.modify(by: "A", in: group, at: t(20) + 1, [(proposal, [])]).message.hasPrefix("invalid: insufficient votes (2/4"))
  }

  @Test("GT-V39 to give a nested group one vote together limits its members")
  func limitByBlock() throws {
    let nested = world.initGroup(["N1", "N2", "N3"], by: "N1").id
    let group = world.initGroup(["A", "B", "[\"\(nested.hex)\"]"], at: T + 1).id
    let content = "{\"remove\":[2],\"add\":[[\"\(nested.hex)\",\"groupvote\"]]}"
    let proposal = world.propose(content, by: "A", in: group, at: t(20)).id
    let affected = try world.store.read { state in
      let roles = Roles(Branch(canonical: try state.group(group)!), world.options, world.validator.cache)
      return try Polling(try state.proposal(proposal)!, roles, Tenure(roles)).affectedAtProposal(reading: state)
    }
    #expect(affected == Set(["N1", "N2", "N3"].map { World.key($0).pubkey }))
    #expect(world.modify(by: "B", in: group, at: t(20) + 1, [(proposal, [])]).message.hasPrefix("invalid: insufficient votes (2/5"))
  }

  @Test("GT-V40 a voter may change its mind four times")
  func spam() {
    let (group, proposal) = removal()
    for index in 1...5 {
      #expect(world.vote(index % 2 == 0 ? "true" : "false", by: "B", on: proposal, in: group, at: t(20) + UInt64(index)).isAccepted)
    }
    #expect(world.vote("true", by: "B", on: proposal, in: group, at: t(20) + 6).message == "blocked: too many votes")
  }
}
