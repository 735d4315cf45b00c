// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport
import Testing

@testable import Groups

/// Law 5: what was accepted is accepted again, in every order that keeps what was read; and what a first judgement refuses is refused again.
@Suite("Judged again") struct RejudgementTests {
  /// A relay whose next event is refused, and that event.
  struct Case: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let refusal: String
    /// Refused as a line of a journal too, not only as a bare event: nothing that could have arrived in another order decides it.
    let isDecided: Bool
    /// Asked of live events alone: a bare one is from sync.
    let isLiveOnly: Bool
    var options: @Sendable (inout GroupsOptions) -> Void = { _ in }
    let last: @Sendable (World) throws -> Sent

    init(
      _ description: String, _ refusal: String, isDecided: Bool = true, isLiveOnly: Bool = false,
      options: @escaping @Sendable (inout GroupsOptions) -> Void = { _ in },
      _ last: @escaping @Sendable (World) throws -> Sent
    ) {
      testDescription = description
      self.refusal = refusal
      self.isDecided = isDecided
      self.isLiveOnly = isLiveOnly
      self.options = options
      self.last = last
    }
  }

  /// ADM administers G, and neither X nor a member of G is in it.
  private static func governed(_ world: World) -> (council: EventID, group: EventID) {
    let council = world.initGroup(["A", "B", "C"]).id
    return (council, world.initGroup(["D", "E"], admin: council, at: T + 1).id)
  }

  static let cases: [Case] = [
    Case("a modification by a stranger", "restricted: not an administrator") { world in
      world.modify(World.add("Z"), by: "X", in: world.group(5), at: t(1))
    },
    Case("a modification by one who was removed", "restricted: not an administrator") { world in
      let group = world.group(3)
      let proposal = world.propose(World.remove(2), by: "A", in: group, at: t(1)).id
      world.modify(by: "A", in: group, at: t(2), [(proposal, [])])
      return world.modify(World.add("Z"), by: "C", in: group, at: t(3))
    },
    Case("a modification by a member who is no administrator", "restricted: not an administrator") { world in
      world.modify(World.add("Z"), by: "D", in: governed(world).group, at: t(1))
    },
    Case("a modification before its author became an administrator elsewhere", "restricted: not an administrator") { world in
      let (council, group) = governed(world)
      world.modify(World.add("X"), by: "A", in: council, at: t(5))
      return world.modify(World.add("Z"), by: "X", in: group, at: t(4), received: t(5) + 1, source: "Sync")
    },
    Case("a modification by one whom another group has removed", "restricted: not an administrator", isDecided: false) { world in
      let (council, group) = governed(world)
      let proposal = world.propose(World.remove(2), by: "A", in: council, at: t(1)).id
      world.modify(by: "A", in: council, at: t(2), [(proposal, [])])
      return world.modify(World.add("Z"), by: "C", in: group, at: t(3))
    },
    Case("a removal with too few votes", "invalid: insufficient votes (2/5") { world in
      let group = world.group(5)
      let proposal = world.propose(World.remove(2), by: "A", in: group, at: t(20)).id
      return world.modify(by: "B", in: group, at: t(21), [(proposal, [])])
    },
    Case("a removal without votes, in a group with nested ones", "invalid: insufficient votes (1/") { world in
      let nested = world.initGroup(["D", "E"]).id
      let group = world.initGroup(["A", "B", "C", "[\"\(nested.hex)\"]"], at: T + 1).id
      let proposal = world.propose(World.remove(2), by: "A", in: group, at: t(20)).id
      return world.modify(by: "A", in: group, at: t(21), [(proposal, [])])
    },
    Case("a handing over to another group without votes", "invalid: insufficient votes (1/3") { world in
      let council = world.initGroup(["A"]).id
      let group = world.initGroup(["A", "B", "C"], at: T + 1).id
      let proposal = world.propose("{\"admin\":\"\(council.hex)\"}", by: "A", in: group, at: t(20)).id
      return world.modify(by: "A", in: group, at: t(21), [(proposal, [])])
    },
    Case("a vote that is there but not named", "invalid: insufficient votes (3/5") { world in
      let group = world.group(5)
      let proposal = world.propose(World.remove(2), by: "A", in: group, at: t(20)).id
      let named = world.vote("true", by: "D", on: proposal, in: group, at: t(20) + 1).id
      world.vote("true", by: "E", on: proposal, in: group, at: t(20) + 1)
      return world.modify(by: "B", in: group, at: t(21), [(proposal, [named])])
    },
    Case("a simple majority against a second, contrary vote", "invalid: insufficient votes (3/5, 1 against", isDecided: false) { world in
      let group = world.group(5)
      let proposal = world.propose(World.remove(2), by: "A", in: group, at: t(20)).id
      let vote = world.vote("true", by: "D", on: proposal, in: group, at: t(21)).id
      world.vote("true", by: "E", on: proposal, in: group, at: t(21))
      world.vote("false", by: "E", on: proposal, in: group, at: t(22))
      return world.modify(by: "B", in: group, at: t(30), [(proposal, [vote])])
    },
    Case("a proposal that was carried out too late", "invalid: proposal expired") { world in
      let group = world.group(5)
      let proposal = world.propose(World.remove(2), by: "A", in: group, at: t(20)).id
      let votes = ["B", "D", "E"].map { world.vote("true", by: $0, on: proposal, in: group, at: t(21)).id }
      return world.modify(by: "B", in: group, at: t(50) + 1, [(proposal, votes)])
    },
    Case("a proposal without a majority on the tenth day", "invalid: proposal rejected") { world in
      let group = world.group(5)
      let proposal = world.propose(World.remove(2), by: "A", in: group, at: t(20)).id
      return world.modify(by: "B", in: group, at: t(30) + 1, [(proposal, [])])
    },
    Case("a vote by a stranger", "restricted: no voting rights") { world in
      let group = world.group(5)
      let proposal = world.propose(World.remove(2), by: "A", in: group, at: t(20)).id
      return world.vote("true", by: "X", on: proposal, in: group, at: t(21))
    },
    Case("a vote by one who came too late", "restricted: no voting rights") { world in
      let group = world.group(3)
      world.modify(World.add("X"), by: "A", in: group, at: t(15))
      let proposal = world.propose(World.remove(2), by: "A", in: group, at: t(20)).id
      return world.vote("true", by: "X", on: proposal, in: group, at: t(21))
    },
    Case("a vote by a member who is no administrator", "restricted: no voting rights") { world in
      let group = governed(world).group
      let proposal = world.propose(World.remove(0), by: "A", in: group, at: t(20)).id
      return world.vote("true", by: "D", on: proposal, in: group, at: t(21))
    },
    Case("a vote after the proposal was carried out", "invalid: proposal already implemented", isDecided: false, isLiveOnly: true) { world in
      let group = world.group(3)
      let proposal = world.propose(World.add("Z"), by: "A", in: group, at: t(20)).id
      world.modify(by: "A", in: group, at: t(21), [(proposal, [])])
      return world.vote("true", by: "B", on: proposal, in: group, at: t(22))
    },
    Case("a vote after thirty days", "invalid: proposal expired") { world in
      let group = world.group(5)
      let proposal = world.propose(World.remove(2), by: "A", in: group, at: t(20)).id
      return world.vote("true", by: "D", on: proposal, in: group, at: t(50) + 1)
    },
    Case("a vote after the tenth day, without a majority", "invalid: proposal was rejected", isDecided: false, isLiveOnly: true) { world in
      let group = world.group(5)
      let proposal = world.propose(World.remove(2), by: "A", in: group, at: t(20)).id
      return world.vote("true", by: "D", on: proposal, in: group, at: t(31))
    },
    Case("a proposal by a foreigner", "restricted: only members may propose", options: { $0.proposalsFrom = .members }) { world in
      world.propose(World.add("X"), by: "X", in: world.group(5), at: t(1))
    },
    Case("a proposal by a member where administrators propose", "restricted: only members may propose", options: { $0.proposalsFrom = .admins }) {
      world in
      world.propose(World.add("X"), by: "D", in: governed(world).group, at: t(1))
    },
    Case("a proposal that leads back to its group", "invalid: group reference cycle") { world in
      let group = world.group(1)
      let nested = world.initGroup(["B", "[\"\(group.hex)\"]"], at: T + 1).id
      return world.propose("{\"add\":[[\"\(nested.hex)\"]]}", by: "A", in: group, at: t(1))
    },
    Case("a modification that leads back to its group", "invalid: group reference cycle") { world in
      let group = world.group(1)
      let nested = world.initGroup(["B", "[\"\(group.hex)\"]"], at: T + 1).id
      return world.modify("{\"add\":[[\"\(nested.hex)\"]]}", by: "A", in: group, at: t(1))
    },
    Case("a removal of the last administrator", "invalid: group would have no administrators") { world in
      world.propose(World.remove(0), by: "A", in: world.group(1), at: t(1))
    },
    Case("a suspended administrator's modification", "restricted: suspended by proposal", isDecided: false) { world in
      let group = world.group(5)
      world.propose(World.remove(2), by: "A", in: group, at: t(20))
      return world.modify(World.add("Z"), by: "C", in: group, at: t(20) + 1)
    },
    Case("strict: a modification beside the tip", "invalid: parent is not the chaintip", isDecided: false, options: { $0.forkPolicy = .strict }) {
      world in
      let group = world.group(5)
      world.modify(World.add("Y"), by: "A", in: group, at: t(1))
      return world.modify(World.add("Z"), by: "B", in: group, parent: group, at: t(2))
    },
    Case("a direct removal of an administrator", "invalid: direct removal needs an admin group") { world in
      world.modify(World.remove(2), by: "A", in: world.group(3), at: t(1))
    },
    Case("an attestation by a stranger", "restricted: not a broadcast attester") { world in
      let group = world.group(2, attesters: ["Q"])
      return world.attest(group, by: "X", in: group, at: t(1))
    },
  ]

  @Test("what a first judgement refuses, rebuild refuses too, of bare events and, where no order decides it, of a journal", arguments: cases)
  func refusedAgain(_ scenario: Case) throws {
    let world = try World(scenario.options)
    let refused = try scenario.last(world)
    #expect(refused.message.hasPrefix(scenario.refusal))
    let event = try Event(parsing: refused.json)
    for bare in [true, false] {
      let other = try world.rebuilt(bare: bare)
      #expect(try other.digest() == world.digest())
      let sent = other.judgeAgain(refused.json, received: event.createdAt, bare: bare)
      if bare ? !scenario.isLiveOnly : scenario.isDecided {
        #expect(sent.message.hasPrefix(scenario.refusal))
      } else {
        #expect(sent.isAccepted)
      }
    }
  }

  @Test("limits are not asked again")
  func limits() throws {
    let world = try World()
    let group = world.group(5)
    let proposals = (0..<20).map { world.propose(World.add("Z\($0)"), by: "A", in: group, at: t(20) + $0).id }
    let votes = (1...5).map { world.vote("true", by: "B", on: proposals[0], in: group, at: t(21) + $0).id }
    #expect(votes.count == 5)
    let refused = [
      world.propose(World.add("Z"), by: "A", in: group, at: t(22)), world.vote("true", by: "B", on: proposals[0], in: group, at: t(22)),
    ]
    #expect(refused.allSatisfy { $0.message.hasPrefix("blocked: ") })
    for bare in [true, false] {
      let other = try world.rebuilt(bare: bare)
      for sent in refused { #expect(other.judgeAgain(sent.json, received: t(22), bare: bare).isAccepted) }
    }
  }

  @Test("a vote against that came after the modification does not undo it in another order")
  func laterOpposition() throws {
    let world = try World()
    let group = world.group(5)
    let proposal = world.propose(World.remove(2), by: "A", in: group, at: t(20)).id
    let vote = world.vote("true", by: "D", on: proposal, in: group, at: t(21)).id
    let modification = world.modify(by: "B", in: group, at: t(30), [(proposal, [vote])])
    #expect(modification.isAccepted)
    // It was made before, and came from sync after.
    let against = world.vote("false", by: "E", on: proposal, in: group, at: t(25), received: t(30) + 1, source: "Sync")
    #expect(against.isAccepted)
    let other = try World()
    for row in world.accepted where row.id != modification.id {
      #expect(other.judgeAgain(row.json, received: row.receivedAt, source: row.source, bare: false).isAccepted)
    }
    #expect(other.judgeAgain(modification.json, received: t(30), bare: false).isAccepted)
    #expect(try other.digest() == world.digest())
  }
}
