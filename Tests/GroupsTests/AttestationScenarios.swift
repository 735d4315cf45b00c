// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Foundation
import Nostr
import Policy
import TestSupport
import Testing

@testable import Groups

@Suite("GT-A and GT-K: attestations and branches") struct AttestationScenarios {
  @Test("GT-A01, A02, A03 listed attesters attest; others need a time stamp")
  func who() throws {
    let world = try World()
    let group = world.group(2, attesters: ["Q"])
    let node = world.modify(World.add("Z"), by: "A", in: group, at: t(1)).id
    #expect(world.attest(node, by: "Q", in: group, at: t(1)).isAccepted, "in its very second")
    #expect(try world.store.read { try $0.attestationSummary(of: node).seen } == t(1))
    #expect(world.attest(node, by: "X", in: group, at: t(1) + 5).message == "restricted: not a broadcast attester")
    #expect(world.attest(node, by: "X", in: group, at: t(1) + 6, proof: shortProof(of: node, height: 3)).isAccepted)
    #expect(world.attest(group, by: "Q", in: group, at: t(1) + 5).isAccepted, "the init by its own list")
  }

  @Test("GT-A04, A06, A12, A09, A08 what an attestation has to be")
  func shape() throws {
    let world = try World()
    let group = world.group(2, attesters: ["Q"])
    let node = world.modify(World.add("Z"), by: "A", in: group, at: t(1)).id
    #expect(
      world.attest(node, by: "X", in: group, at: t(2), proof: shortProof(of: group, height: 3)).message == "invalid: OTS proof is for another event")
    #expect(world.attest(node, by: "X", in: group, at: t(2), proof: Array("hi".utf8)).message == "invalid: malformed OTS proof")
    let pending = OpenTimestamps.magic + [1, 0x08] + node.bytes + [0x00, 0x83, 0xdf, 0xe3, 0x0d, 0x2e, 0xf9, 0x0c, 0x8e, 2, 1, 0x61]
    #expect(world.attest(node, by: "X", in: group, at: t(2), proof: pending).message == "invalid: OTS proof has no bitcoin attestation")
    #expect(world.attest(node, by: "Q", in: group, at: t(2), content: "x").message == "invalid: attest content must be empty")
    #expect(world.attest(node, by: "Q", in: group, at: t(1) - 1).message == "invalid: attestation older than its target")
    let random = EventID(hex: String(repeating: "7", count: 64))!
    #expect(world.attest(random, by: "Q", in: group, at: t(2)).message.hasPrefix("error: attested event unknown"))
    #expect(world.attest(random, by: "Q", in: group, at: t(2), source: "Sync").message == "error: missing target 77777777, parked")
    let two = world.send(4834, by: "Q", at: t(2), tags: [["group", group.hex], ["e", node.hex], ["e", group.hex]], content: "")
    #expect(two.message == "invalid: e tag must appear once")
  }

  @Test("GT-A07 a proof that a known header does not bear out is refused")
  func badMerkle() throws {
    let headers = HeadersFile()
    try headers.append(.zero, time: t(1))
    let world = try World { $0.headersFile = headers.path }
    let group = world.group(2)
    let sent = world.attest(group, by: "X", in: group, at: t(1), proof: shortProof(of: group, height: 0))
    #expect(sent.message == "invalid: OTS does not match block 0")
    #expect(world.attest(group, by: "X", in: group, at: t(1), proof: shortProof(of: group, height: 1)).isAccepted, "header unknown")
  }

  @Test("GT-A11 a NIP-03 time stamp of a group event counts; of anything else it is nobody's")
  func nip03() throws {
    let headers = HeadersFile()
    let world = try World { $0.headersFile = headers.path }
    let group = world.group(2)
    let node = world.modify(World.add("Z"), by: "A", in: group, at: t(1)).id
    try headers.append(node.value, time: t(2))
    let proof = Data(shortProof(of: node, height: 0)).base64EncodedString()
    #expect(world.send(1040, by: "X", at: t(3), tags: [["e", node.hex], ["alt", "x"]], content: proof).isAccepted)
    #expect(try world.view(group).status == .confirmed)
    #expect(world.send(1040, by: "X", at: t(3), tags: [["e", node.hex]], content: "aGk=").message == "invalid: malformed OTS proof")
    let other = world.send(1040, by: "X", at: t(3), tags: [["e", String(repeating: "7", count: 64)]], content: "anything")
    #expect(other.isAccepted && other.judgement.owner == nil)
  }

  @Test("a NIP-03 time stamp that comes before its event is accepted untouched, and counts when that has come: the same as in the other order")
  func nip03First() throws {
    let headers = HeadersFile()
    let worlds = try (0..<2).map { _ in try World { $0.headersFile = headers.path } }
    let group = worlds[0].group(2)
    let node = worlds[0].modify(World.add("Z"), by: "A", in: group, at: t(1))
    try headers.append(node.id.value, time: t(2))
    let proof = Data(shortProof(of: node.id, height: 0)).base64EncodedString()
    let stamp = worlds[0].send(1040, by: "X", at: t(3), tags: [["e", node.id.hex]], content: proof)
    #expect(stamp.isAccepted && stamp.judgement.owner == .groups)
    for source in ["IP4", "Sync"] {
      let world = try World { $0.headersFile = headers.path }
      world.group(2)
      let early = world.send(stamp.json, received: t(3), source: source)
      #expect(early.isAccepted && early.judgement.owner == nil && early.judgement.isWritten)
      #expect(try world.digest() != worlds[0].digest())
      #expect(world.send(node.json, received: t(3) + 1, source: "Sync").isAccepted)
      try world.judge.judgeAllReleased()
      #expect(try world.digest() == worlds[0].digest())
      #expect(try world.view(group).status == .confirmed)
      #expect(try world.outbox().isEmpty, "the relay has it")
      #expect(world.send(stamp.json, received: t(4)).judgement.owner == .groups, "it is known now")
    }
    // Also before the group itself.
    worlds[1].send(stamp.json, received: t(3), source: "Sync")
    worlds[1].send(node.json, received: t(3), source: "Sync")
    worlds[1].group(2)
    try worlds[1].judge.judgeAllReleased()
    #expect(try worlds[1].digest() == worlds[0].digest())
  }

  @Test("what is no time stamp of its target, or of several, is nobody's, and not kept")
  func nip03Foreign() throws {
    let world = try World()
    let (one, two) = (String(repeating: "7", count: 64), String(repeating: "8", count: 64))
    let target = try #require(EventID(hex: one))
    let proof = Data(shortProof(of: target, height: 3)).base64EncodedString()
    func send(_ tags: [[String]], _ content: String) -> Sent { world.send(1040, by: "X", at: t(3), tags: tags, content: content) }
    for sent in [
      send([["e", one]], "anything"), send([["e", one], ["e", two]], proof), send([["e", two]], proof),
      send([["e", one], ["expiration", "9"]], proof),
      send([["e", one], ["e", "x"]], proof),
    ] {
      #expect(sent.isAccepted == (sent.message.isEmpty) && sent.judgement.owner == nil && !sent.judgement.isWritten, "\(sent)")
    }
    #expect(send([["e", one]], proof).judgement.isWritten)
    let off = try World { $0.acceptNip03 = false }
    #expect(!off.send(1040, by: "X", at: t(3), tags: [["e", one]], content: proof).judgement.isWritten)
  }

  @Test("the corpus's stream of a NIP-03 time stamp ends alike in both orders", .enabled(if: Corpus.isPresent, "no corpus"))
  func nip03Corpus() throws {
    let digests = try ["first", "after"].map { order in
      let world = try World()
      let lines = try Corpus.lines(of: "cases/09-nip03-\(order).jsonl")
      #expect(lines.count == 3)
      for line in lines { #expect(world.send(line: line).decision == .accept) }
      try world.judge.judgeAllReleased()
      return try world.digest()
    }
    #expect(digests[0] == digests[1])
    #expect(try digests[0] != World().digest())
  }

  @Test("proofs are taken as people write base64: broken into lines, with a newline behind, without padding")
  func base64() throws {
    let world = try World()
    let group = world.group(2)
    let text = Data(shortProof(of: group, height: 3)).base64EncodedString()
    let lines: Data.Base64EncodingOptions = [.lineLength64Characters, .endLineWithCarriageReturn, .endLineWithLineFeed]
    let broken = Data(shortProof(of: group, height: 3)).base64EncodedString(options: lines)
    #expect(broken.contains("\r\n") && text.hasSuffix("="))
    for (index, proof) in [broken, text + "\n", text.filter { $0 != "=" }].enumerated() {
      #expect(world.send(1040, by: "X", at: t(3) + UInt64(index), tags: [["e", group.hex]], content: proof).isAccepted)
      let other = try World()
      other.group(2)
      let tags = [["group", group.hex], ["e", group.hex], ["attested-ots", proof]]
      #expect(other.send(4834, by: "X", at: t(3) + UInt64(index), tags: tags, content: "").isAccepted)
    }
  }

  @Test("at most four proofs of one event wait for their headers")
  func unverified() throws {
    let world = try World()
    let group = world.group(2)
    for index in 0..<4 {
      #expect(world.attest(group, by: "X", in: group, at: t(1) + UInt64(index), proof: shortProof(of: group, height: 3)).isAccepted)
    }
    #expect(
      world.attest(group, by: "X", in: group, at: t(2), proof: shortProof(of: group, height: 3)).message == "blocked: too many unverified proofs")
  }

  @Test("GT-K01 strict: only the tip is modified")
  func strict() throws {
    let world = try World { $0.forkPolicy = .strict }
    let group = world.group(5)
    let tip = world.modify(World.add("Y"), by: "A", in: group, at: t(1)).id
    #expect(
      world.modify(World.add("Z"), by: "B", in: group, parent: group, at: t(1) + 1).message == "invalid: parent is not the chaintip \(tip.short)")
    #expect(world.modify(World.add("Z"), by: "B", in: group, at: t(1) + 1).isAccepted)
  }

  @Test("GT-K02 and K03 without attestations the first one seen stays the tip; an author branches once")
  func provisional() throws {
    let world = try World()
    let group = world.group(5)
    let first = world.modify(World.add("Y"), by: "A", in: group, at: t(1)).id
    #expect(world.modify(World.add("Z"), by: "B", in: group, parent: group, at: t(1) + 1).isAccepted)
    #expect(world.tip(group) == first)
    let again = world.modify(World.add("W"), by: "A", in: group, parent: group, at: t(1) + 2)
    #expect(again.message == "invalid: author already extended this parent")
    #expect(world.modify(World.add("W"), by: "A", in: group, parent: group, at: t(1) + 2, source: "Sync").isAccepted, "so that relays converge")
  }

  @Test("GT-K04 and H05 an attested branch wins over one that is not, and its members count; the switch is logged")
  func forkWins() throws {
    let headers = HeadersFile()
    let world = try World { $0.headersFile = headers.path }
    let group = world.group(5, attesters: ["Q"])
    let first = world.modify(World.add("Y"), by: "A", in: group, at: t(1)).id
    let second = world.modify(World.add("Z"), by: "B", in: group, parent: group, at: t(1) + 1).id
    #expect(try world.was("Y", in: group, at: t(2)).isMember)
    try headers.append(second.value, time: t(1) + hour)
    #expect(world.attest(second, by: "Q", in: group, at: t(1) + 2).isAccepted)
    #expect(world.tip(group) == first, "a time stamp is missing")
    let stamp = world.attest(second, by: "X", in: group, at: t(2), proof: shortProof(of: second, height: 0))
    #expect(stamp.isAccepted)
    #expect(stamp.judgement.diagnostics.map(\.name) == ["groups.reorganised"])
    #expect(world.tip(group) == second)
    #expect(try !world.was("Y", in: group, at: t(2)).isMember)
    #expect(try world.was("Z", in: group, at: t(2)).isMember)
    let history = try world.store.read { try GroupView.history(group, now: t(2), reading: $0) }
    #expect(history?.reorganisations.map(\.to) == [second])
    #expect(history?.reorganisations.map(\.from) == [first])
  }

  @Test("headers that come later decide stored proofs")
  func laterHeaders() throws {
    let headers = HeadersFile()
    let world = try World { $0.headersFile = headers.path }
    let group = world.group(5)
    world.modify(World.add("Y"), by: "A", in: group, at: t(1))
    let second = world.modify(World.add("Z"), by: "B", in: group, parent: group, at: t(1) + 1).id
    #expect(world.attest(second, by: "X", in: group, at: t(2), proof: shortProof(of: second, height: 1)).isAccepted)
    let digest = try world.digest()
    try headers.append(.zero, time: t(1))
    try world.upkeep()
    #expect(world.tip(group) != second)
    try headers.append(second.value, time: t(1) + hour)
    try world.upkeep()
    #expect(world.tip(group) == second)
    #expect(try world.digest() == digest, "neither headers nor tips are part of it")
  }

  /// Two branches, attested so that their adjusted timestamps are these.
  private func split(_ first: UInt64, _ second: UInt64) throws -> (world: World, group: EventID, first: EventID, second: EventID) {
    let headers = HeadersFile()
    let world = try World { $0.headersFile = headers.path }
    let group = world.group(5)
    let one = world.modify(World.add("Y"), by: "A", in: group, at: t(1)).id
    let two = world.modify(World.add("Z"), by: "B", in: group, parent: group, at: t(1) + 1).id
    try headers.append(one.value, time: first)
    try headers.append(two.value, time: second)
    #expect(world.attest(one, by: "X", in: group, at: t(4), proof: shortProof(of: one, height: 0)).isAccepted)
    #expect(world.attest(two, by: "X", in: group, at: t(4), proof: shortProof(of: two, height: 1)).isAccepted)
    return (world, group, one, two)
  }

  @Test("the earlier adjusted timestamp wins; of equal ones (GT-K06) the larger pubkey")
  func ranks() throws {
    let early = try split(t(2), t(3))
    #expect(early.world.tip(early.group) == early.first)
    let late = try split(t(3), t(2))
    #expect(late.world.tip(late.group) == late.second)
    let tie = try split(t(2), t(2))
    #expect(tie.world.tip(tie.group) == (World.key("A").pubkey > World.key("B").pubkey ? tie.first : tie.second))
  }

  @Test("GT-K07 a child proves its parent")
  func descendant() throws {
    let headers = HeadersFile()
    let world = try World { $0.headersFile = headers.path }
    let group = world.group(5)
    let one = world.modify(World.add("Y"), by: "A", in: group, at: t(1)).id
    let two = world.modify(World.add("Z"), by: "B", in: group, parent: group, at: t(1) + 1).id
    let child = world.modify(World.add("W"), by: "C", in: group, parent: one, at: t(1) + 2).id
    try headers.append(two.value, time: t(3))
    try headers.append(child.value, time: t(2))
    world.attest(two, by: "X", in: group, at: t(4), proof: shortProof(of: two, height: 0))
    #expect(world.tip(group) == two)
    world.attest(child, by: "X", in: group, at: t(4), proof: shortProof(of: child, height: 1))
    #expect(world.tip(group) == child)
    #expect(try world.was("Y", in: group, at: t(2)).status == .confirmed)
  }

  @Test("GT-K08 after a day a confirmed modification of a group with attesters is final")
  func final() throws {
    let headers = HeadersFile()
    let world = try World { $0.headersFile = headers.path }
    let group = world.group(5, attesters: ["Q"])
    let node = world.modify(World.add("Y"), by: "A", in: group, at: t(1)).id
    try headers.append(node.value, time: t(1) + hour)
    world.attest(node, by: "Q", in: group, at: t(1) + 1, proof: shortProof(of: node, height: 0), received: t(1) + hour)
    #expect(world.modify(World.add("Z"), by: "B", in: group, parent: group, at: t(2) + 2 * hour).message == "invalid: parent already finalised")
    #expect(try world.view(group, now: t(2) + 2 * hour).status == .final)
    #expect(world.modify(World.add("Z"), by: "B", in: group, parent: group, at: t(2) + hour).message == "invalid: parent already finalised")
    #expect(world.modify(World.add("Z"), by: "B", in: group, parent: group, at: t(2) + hour - 1).isAccepted, "a second before")
  }

  @Test("GT-K10 eight modifications may follow one, nine not")
  func branches() throws {
    let world = try World()
    let names = (0..<9).map { "P\($0)" }
    let group = world.initGroup(names, by: "P0").id
    for (index, name) in names.enumerated() {
      let sent = world.modify(World.add("Z\(index)"), by: name, in: group, parent: group, at: t(1) + UInt64(index))
      #expect(sent.message == (index < 8 ? "" : "blocked: too many branches"))
    }
  }

  @Test("a branch begins at most 64 nodes behind the tip; from sync it is stored, wherever it begins")
  func forkDepth() throws {
    let world = try World { $0.maxForkDepth = 3 }
    let group = world.group(2)
    let nodes = (1...4).map { world.modify("{\"meta\":{\"k\":\"\($0)\"}}", by: "A", in: group, at: t(1) + UInt64($0)).id }
    let far = world.modify(World.add("Z"), by: "B", in: group, parent: group, at: t(2))
    #expect(far.message == "invalid: parent is not the chaintip \(nodes[3].short)")
    #expect(world.modify(World.add("Z"), by: "B", in: group, parent: nodes[0], at: t(2)).isAccepted, "three nodes back")
    #expect(world.send(far.json, received: t(2), source: "Sync").isAccepted)
    #expect(world.tip(group) == nodes[3])
  }

  @Test("GT-K02b a live modification beside another one is later than that; from sync it may be older", arguments: [0, 1])
  func siblings(_ seconds: UInt64) throws {
    let world = try World()
    let group = world.group(5)
    let first = world.modify(World.add("Y"), by: "A", in: group, at: t(1)).id
    let older = world.modify(World.add("Z"), by: "B", in: group, parent: group, at: t(1) - seconds, received: t(1) + 1)
    #expect(older.message == "invalid: created_at must be after its sibling \(first.short)")
    #expect(world.modify(World.add("W"), by: "C", in: group, parent: group, at: t(1) + 1).isAccepted)
    #expect(world.send(older.json, received: t(1) + 1, source: "Sync").isAccepted, "so that relays converge")
    #expect(world.tip(group) == first)
  }

  @Test("from sync an author's second branch and a ninth branch are stored, and nothing of it is live")
  func syncedBranches() throws {
    let world = try World { $0.maxBranchesPerParent = 2 }
    let group = world.group(5)
    let first = world.modify(World.add("Y"), by: "A", in: group, at: t(1)).id
    world.modify(World.add("Z"), by: "B", in: group, parent: group, at: t(1) + 1)
    #expect(world.modify(World.add("W"), by: "C", in: group, parent: group, at: t(1) + 2).message == "blocked: too many branches")
    for index in 2..<12 {
      #expect(world.modify(World.add("W\(index)"), by: "C", in: group, parent: group, at: t(1) + UInt64(index), source: "Stream").isAccepted)
    }
    #expect(world.tip(group) == first)
    #expect(try world.rebuilt().digest() == world.digest())
  }

  @Test("this node attests what it accepts live, where it is listed; and once")
  func followUp() throws {
    let world = try World { $0.followUps = FollowUpOptions(nodeKey: World.key("Q").pubkey) }
    let group = world.group(2, attesters: ["Q"])
    let live = world.modify(World.add("Z"), by: "A", in: group, at: t(1), received: t(1) + 7)
    world.modify(World.add("Y"), by: "A", in: group, at: t(2), source: "Sync")
    let rows = try world.outbox().filter { $0.name == .attestation }
    #expect(rows.map(\.trigger) == [group, live.id])
    guard case .unsigned(let form) = try #require(rows.last).body else {
      Issue.record("the attestation is signed already")
      return
    }
    let event = try #require(UnsignedEvent(form: form))
    #expect(event.createdAt == t(1) + 7)
    #expect(event.kind == 4834)
    #expect(event.tags == [["group", group.hex], ["e", live.id.hex]])
    let silent = try World()
    silent.group(2, attesters: ["Q"])
    #expect(try silent.outbox().isEmpty)
  }
}
