// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy
import TestSupport
import Testing

@testable import Collectives

/// What an event costs does not grow with what an attacker prepared: told by the reads that it takes, and the rows that it writes.
@Suite("Collectives: no event is expensive")
struct CostScenarios {
  /// An ignition and updates that say nothing, each on the one before.
  private func chain(_ count: Int, on state: CountingState) throws -> [Event] {
    var draft = Draft()
    draft.bitcoin = Acme.block(848_500)
    var events = [draft.event]
    #expect(try state.judge(events[0]).answer == Relay.accept)
    for _ in 0..<count {
      let next = self.next(events).event
      #expect(try state.judge(next).answer == Relay.accept)
      events.append(next)
    }
    return events
  }

  private func next(_ events: [Event], on parent: Int? = nil) -> Draft {
    var draft = Draft()
    draft.ignition = events[0].id.hex
    draft.previous = events[parent ?? events.count - 1].id.hex
    draft.at = events[events.count - 1].createdAt + 10
    return draft
  }

  @Test("an update costs at the end of a long chain what it costs at its beginning", arguments: [CollectivesOptions.ForkPolicy.firstSeen, .nip01])
  func longChain(_ policy: CollectivesOptions.ForkPolicy) throws {
    func costs(after count: Int) throws -> (good: Int, stale: Int, branch: Int) {
      let state = try CountingState { $0.forkPolicy = policy }
      let events = try chain(count, on: state)
      var draft = next(events)
      draft.bitcoin = Acme.block(848_501)
      draft.proofs = [Acme.leadtime(Acme.m, Acme.request(Acme.m, 1).id, 1)]
      var stale = next(events, on: 1)
      stale.at = events[2].createdAt
      stale.extra = [["mission", "another"]]
      let refused = try state.judge(stale.event)
      #expect(refused.answer == "invalid: previous is stale, head is \(events[count].id.short)")
      let good = try state.judge(draft.event)
      #expect(good.answer == Relay.accept)
      // One that loses, from sync.
      stale.at = events[1].createdAt + 1
      let branch = try state.judge(stale.event, from: .sync)
      #expect(branch.answer.hasPrefix(policy == .nip01 ? Relay.accept : "invalid: previous is stale"))
      return (good.reads, refused.reads, branch.reads)
    }
    let (short, long) = (try costs(after: 4), try costs(after: 400))
    #expect(long.good <= short.good && long.good < 30)
    // An ancestor is found in as many steps as the logarithm of the chain's length.
    #expect(long.stale < 60 && long.branch < 80)
  }

  @Test("nip01: a branch that loses is left where it is, however long it is; and so are a hundred children of one update")
  func fork() throws {
    let state = try CountingState()
    let events = try chain(400, on: state)
    var draft = next(events, on: 1)
    draft.at = events[2].createdAt + 1
    let sibling = draft.event
    let won = try state.judge(sibling, from: .sync)
    #expect(won.answer == Relay.accept && won.reads < 80 && won.changes < 15)
    var numbers: [UInt64] = []
    try CollectiveView.history(of: events[0].id, Acme.c.pubkey, reading: state) { record, _ in
      numbers.append(record.number)
      return true
    }
    #expect(numbers == [0, 1, 2])
    var lost = next(events)
    #expect(try state.judge(lost.event).answer == "invalid: previous is stale, head is \(sibling.id.short)")
    let kept = try state.judge(lost.event, from: .sync)
    #expect(kept.answer == Relay.accept && kept.reads < 80)
    lost = next(events, on: 1)
    for number in 0..<100 {
      lost.extra = [["mission", "\(number)"]]
      let judged = try state.judge(lost.event, from: .sync)
      #expect(judged.answer == Relay.accept && judged.reads < 40 && judged.changes < 15)
    }
    #expect(try CollectiveView.equivocations(of: events[0].id, reading: state).map(\.refused.count) == [16])
  }

  @Test("an ancestor on a long branch is found by jumps, and is the one that walking finds")
  func ancestors() throws {
    let state = try CountingState()
    let collective = Acme.request(Acme.c, 1).id
    var line: [UpdateRecord] = []
    for number in 0..<1000 {
      let id = try #require(EventID(hex: String(repeating: "b", count: 56) + String(10_000_000 + number)))
      let record = UpdateRecord(
        id: id, collective: collective, pubkey: Acme.c.pubkey, number: UInt64(number), createdAt: 0, previous: line.last?.id,
        jump: try line.last.map { try UpdateRecord.jump(from: $0, state) })
      state.apply([.put(CollectivesState.updates, key: id.bytes, value: record.encoded)])
      line.append(record)
    }
    var random = SplitMix64(seed: 5)
    for _ in 0..<300 {
      let (from, to) = (Int.random(in: 0..<1000, using: &random), Int.random(in: 0..<1000, using: &random))
      let before = state.reads
      #expect(try UpdateRecord.ancestor(of: line[from], UInt64(to), state) == (to <= from ? line[to].id : nil))
      #expect(state.reads - before <= 60, "\(from) to \(to)")
    }
  }

  @Test("nip01: who stands on a long branch that lost finds what it used without walking it, however many branches used it again")
  func lostBranch() throws {
    let state = try CountingState()
    let request = Acme.request(Acme.m, 100)
    var events = try chain(0, on: state)
    var draft = next(events)
    draft.rows = [Row(request.id, Acme.m, 100)]
    draft.proofs = [request, Acme.vote(Acme.c, request)]
    events.append(draft.event)
    draft = next(events)
    draft.rows = [Row(request.id, Acme.m, 100, leadtime: 1)]
    draft.proofs = [Acme.leadtime(Acme.m, request.id, 1)]
    draft.bitcoin = Acme.block(848_600)
    events.append(draft.event)
    let parent = events.count - 1
    let receipt = Acme.receipt(1000)
    let paid = [Row(request.id, Acme.m, 100, leadtime: 1, sats: (1000, 0))]
    draft = next(events)
    draft.rows = paid
    draft.proofs = [receipt]
    events.append(draft.event)
    for _ in 0..<200 {
      draft = next(events)
      draft.rows = paid
      events.append(draft.event)
    }
    for event in events.dropFirst() { #expect(try state.judge(event).answer == Relay.accept) }
    var member = next(events)
    member.author = Acme.m
    member.boostpoint = member.previous
    member.previous = nil
    member.lud16 = nil
    member.rows = paid
    let first = member.event
    #expect(try state.judge(first).answer == Relay.accept)
    // The creator takes the whole branch back, and books the same receipt on one branch after the other.
    for _ in 0..<60 {
      draft = next(events, on: parent)
      draft.at += 100
      draft.rows = paid
      draft.proofs = [receipt]
      events.append(draft.event)
      let judged = try state.judge(draft.event, from: .sync)
      #expect(judged.answer == Relay.accept && judged.reads < 100 && judged.changes < 20)
    }
    member = next(events)
    member.author = Acme.m
    member.previous = first.id.hex
    member.lud16 = nil
    member.rows = paid
    member.proofs = [receipt] + (0..<30).map { Acme.leadtime(Acme.m, request.id, 1, salt: "\($0)") }
    let second = try state.judge(member.event)
    #expect(second.answer == Relay.accept && second.reads < 300)
  }

  @Test("each target of a deletion is looked up once")
  func deletion() throws {
    let state = try CountingState()
    let events = try chain(1, on: state)
    let tags = Array(repeating: ["e", events[0].id.hex], count: 400) + Array(repeating: ["a", Acme.address()], count: 300)
    let judged = try state.judge(Acme.c.event(kind: 5, createdAt: Acme.t0 + 100, tags: tags))
    #expect(judged.answer == Relay.accept && judged.reads < 14 && judged.changes == 3)
  }

  @Test("a request to vanish is one row for all chains, and hides those that began before it")
  func vanish() throws {
    let state = try CountingState()
    func ignition(_ name: String, at time: UInt64) throws -> Event {
      var draft = Draft()
      draft.name = name
      draft.at = time
      let event = draft.event
      #expect(try state.judge(event).answer == Relay.accept)
      return event
    }
    let before = try (0..<20).map { try ignition("before \($0)", at: Acme.t0 + UInt64($0)) }
    let judged = try state.judge(Acme.c.event(kind: 62, createdAt: Acme.t0 + 100, tags: [["relay", "ALL_RELAYS"]]))
    #expect(judged.answer == Relay.accept && judged.changes == 1 && judged.reads < 5)
    let after = try ignition("after", at: Acme.t0 + 101)
    for event in before { #expect(try CollectiveView.read(event.id, reading: state)?.isHidden == true) }
    #expect(try CollectiveView.read(after.id, reading: state)?.isHidden == false)
    // An earlier request takes nothing back.
    try state.judge(Acme.c.event(kind: 62, createdAt: Acme.t0 + 50, tags: [["relay", "ALL_RELAYS"]]))
    for event in before { #expect(try CollectiveView.read(event.id, reading: state)?.isHidden == true) }
  }

  @Test("S10: what is named by proof_id is together no more than one event may have, and nothing beyond is read", arguments: [2, 3])
  func references(_ count: Int) throws {
    let state = try CountingState()
    let events = try chain(0, on: state)
    let large = (0..<10).map { number in
      Acme.m.event(kind: 1409, createdAt: Acme.t0, tags: [["a", Acme.address()]], content: "\(number)" + String(repeating: "x", count: 32_000))
    }
    for event in large { #expect(try state.judge(event).answer == Relay.accept) }
    var draft = next(events)
    draft.extra = large.prefix(count == 2 ? 2 : 10).map { ["proof_id", $0.id.hex] }
    let judged = try state.judge(draft.event)
    #expect(judged.answer == (count == 2 ? Relay.accept : "invalid: too many proofs"))
    if count == 3 { #expect(judged.reads < 12) }
    let tooLarge = Acme.m.event(kind: 1409, createdAt: Acme.t0, tags: [["a", Acme.address()]], content: String(repeating: "x", count: 33_000))
    try state.judge(tooLarge)
    draft.extra = [["proof_id", tooLarge.id.hex]]
    #expect(try state.judge(draft.event).answer == "invalid: proof is not a nostr event")
  }

  @Test("G1: not more than 4096 memberships are looked through", arguments: [4095, 4096])
  func memberships(_ count: Int) throws {
    let state = try CountingState()
    state.apply(
      (0..<count).map {
        SlotRecord(collective: Acme.request(Acme.c, 1).id, isCreator: false).change(Acme.c.pubkey, Text("name \($0)"))
      })
    #expect(try state.judge(Draft().event).answer == (count < 4096 ? Relay.accept : "blocked: too many SECs"))
  }

  @Test("a checkpoint's history is judged at once when it is small; a large one is kept, and the flag stays", arguments: [10, 100])
  func archive(_ count: Int) throws {
    let source = try CountingState()
    var events = try chain(0, on: source)
    for number in 0..<count {
      var draft = next(events)
      draft.extra = [["mission", String(repeating: "x", count: 3000) + "\(number)"]]
      events.append(draft.event)
    }
    let state = try CountingState { $0.checkpoint = true }
    #expect(try state.judge(events[count], from: .sync).answer == Relay.accept)
    for event in events.dropLast().reversed() {
      let judged = try state.judge(event, from: .sync)
      #expect(judged.answer == Relay.accept && judged.reads < 500)
    }
    #expect(try CollectiveView.read(events[0].id, reading: state)?.ignition.isCheckpoint == (count > 80))
  }

  @Test("of two proofs of one leadtime the owner's word is used up, and not an update of theirs, which may not be known", arguments: [true, false])
  func firstProof(_ isUpdateFirst: Bool) throws {
    let fixture = try Fixture.f5()
    var member = fixture.memberNext()
    member.at += 2016 * 600
    member.bitcoin = Acme.block(848_600 + 2016)
    member.rows[0].leadtime = 2
    let update = member.event
    try expectAccept(fixture.relay.live(update))
    let word = Acme.leadtime(Acme.m, fixture.r(1), 2)
    var draft = fixture.next()
    draft.at = member.at + 10
    draft.bitcoin = member.bitcoin
    draft.rows[0].leadtime = 2
    draft.proofs = isUpdateFirst ? [update, word] : [word, update]
    try expectAccept(fixture.relay.live(draft.event))
    try fixture.relay.store.read { state in
      let used = try UpdateRecord.read(draft.event.id, state)?.used
      #expect(try UsedProofs.contains(word.id.value, in: used, state) && !UsedProofs.contains(update.id.value, in: used, state))
    }
  }

  @Test("used proofs: on a tree of updates each has its own set, in few nodes")
  func usedProofs() throws {
    let state = try CountingState()
    var random = SplitMix64(seed: 11)
    func bytes() throws -> Bytes32 {
      try #require(Bytes32((0..<4).flatMap { _ in withUnsafeBytes(of: random.next()) { Array($0) } }))
    }
    let all = try (0..<2000).map { _ in try bytes() }
    var line: [(root: UsedProofs.Reference?, set: Set<Bytes32>)] = [(nil, [])]
    for _ in 0..<300 {
      let parent = line[Int.random(in: 0..<line.count, using: &random)]
      let added = (0..<Int.random(in: 1...40, using: &random)).map { _ in all[Int.random(in: 0..<all.count, using: &random)] }
      let (root, changes) = try UsedProofs.adding(added, to: parent.root, by: EventID(try bytes()), state)
      #expect(changes.count <= 3 * added.count + 1)
      state.apply(changes)
      line.append((root, parent.set.union(added)))
    }
    for (root, set) in line {
      for _ in 0..<20 {
        let proof = all[Int.random(in: 0..<all.count, using: &random)]
        let before = state.reads
        #expect(try UsedProofs.contains(proof, in: root, state) == set.contains(proof))
        #expect(state.reads - before <= 6)
      }
    }
  }
}
