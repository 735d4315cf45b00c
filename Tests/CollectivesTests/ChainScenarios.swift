// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Cryptography
import Foundation
import Nostr
import Policy
import StateStore
import TestSupport
import Testing

@Suite("Collectives: chains")
struct ChainScenarios {
  @Test("ST-13 soft-update: the creator may say more")
  func soft() throws {
    let fixture = try Fixture()
    var draft = fixture.next()
    draft.extra = [["mission", "to build"]]
    try fixture.publish(draft)
    #expect(try fixture.relay.view(fixture.ignition)?.head.number == 1)
  }

  @Test("ST-14 missing-previous")
  func missingPrevious() throws {
    let fixture = try Fixture()
    var draft = fixture.next()
    draft.previous = nil
    expect(try fixture.relay.live(draft.event), refusedWith: "invalid: replacement needs a previous pointer")
    draft.previous = "this"
    expect(try fixture.relay.live(draft.event), refusedWith: "invalid: replacement needs a previous pointer")
  }

  @Test("ST-15 a-tag-is-not-enough")
  func addressOnly() throws {
    let fixture = try Fixture()
    var draft = fixture.next()
    draft.ignition = nil
    draft.extra = [["a", Acme.address()]]
    expect(try fixture.relay.live(draft.event), refusedWith: "invalid: replacement needs the ignition id")
    draft.ignition = String(repeating: "1", count: 64)
    expect(try fixture.relay.live(draft.event), refusedWith: "invalid: slot already belongs to SEC \(fixture.ignition.id.short)")
  }

  @Test("ST-17 stale-previous: refused, kept as evidence, and the head is delivered again once an hour")
  func stale() throws {
    let fixture = try Fixture(2)
    var draft = fixture.next()
    draft.previous = fixture.u(1).id.hex
    let fork = draft.event
    #expect(try fixture.relay.live(fork) == "invalid: previous is stale, head is \(fixture.u(2).id.short)")
    let evidence = try fixture.relay.equivocations(fixture.ignition)
    #expect(evidence.count == 1 && evidence[0].parent == fixture.u(1).id)
    #expect(evidence[0].accepted == fixture.u(2).id && evidence[0].refused == [fork.id])
    #expect(try fixture.relay.followUps(.parkedEvent).map(\.id) == [fixture.u(2).id])
    let journal = try fixture.relay.journalCount()
    expect(try fixture.relay.live(fork), refusedWith: "invalid: previous is stale")
    #expect(try fixture.relay.equivocations(fixture.ignition) == evidence)
    #expect(try fixture.relay.journalCount() == journal)
  }

  @Test("a head that was delivered is delivered again an hour later, and not before; one that still waits is not queued twice")
  func redelivery() throws {
    let fixture = try Fixture(2)
    var draft = fixture.next()
    draft.previous = fixture.u(1).id.hex
    let fork = draft.event
    func refuse(after seconds: UInt64) throws -> [OutboxRow] {
      expect(try fixture.relay.live(fork, at: fork.createdAt + seconds), refusedWith: "invalid: previous is stale")
      return try fixture.relay.followUps(.parkedEvent)
    }
    let first = try #require(try refuse(after: 0).first)
    #expect(try refuse(after: 3600).map(\.sequence) == [first.sequence])
    #expect(try fixture.relay.store.write { try $0.markDelivered(first.sequence, at: fork.createdAt + 3700) })
    #expect(try refuse(after: 7199).map(\.state) == [.delivered])
    let again = try refuse(after: 7200)
    #expect(again.map(\.id) == [fixture.u(2).id] && again.map(\.state) == [.due] && again[0].sequence > first.sequence)
  }

  @Test("at most 16 forks of one parent are kept")
  func boundedEvidence() throws {
    let fixture = try Fixture(2)
    for number in 0..<20 {
      var draft = fixture.next()
      draft.previous = fixture.u(1).id.hex
      draft.extra = [["mission", String(number)]]
      expect(try fixture.relay.live(draft.event), refusedWith: "invalid: previous is stale")
    }
    #expect(try fixture.relay.equivocations(fixture.ignition).map(\.refused.count) == [16])
  }

  @Test("ST-18 unknown-previous-live")
  func unknownLive() throws {
    let fixture = try Fixture()
    var draft = fixture.next()
    draft.previous = String(repeating: "1", count: 64)
    #expect(try fixture.relay.live(draft.event) == "error: unknown previous 11111111")
    #expect(try fixture.relay.parkedCount() == 0)
  }

  @Test("ST-19 unknown-previous-sync: it waits, is judged again and delivered")
  func unknownSync() throws {
    let fixture = try Fixture()
    let first = fixture.next().event
    var draft = fixture.next()
    draft.previous = first.id.hex
    draft.at += 100
    let second = draft.event
    #expect(try fixture.relay.sync(second) == "error: missing previous \(first.id.short), parked")
    #expect(try fixture.relay.parkedCount() == 1)
    #expect(try fixture.relay.settle(first) == Relay.accept)
    #expect(try fixture.relay.view(fixture.ignition)?.head.id == second.id)
    #expect(try fixture.relay.parkedCount() == 0)
    #expect(try fixture.relay.followUps(.parkedEvent).map(\.id) == [second.id])
  }

  @Test("a previous by somebody else is refused")
  func foreignPrevious() throws {
    let fixture = try Fixture.f5()
    var draft = fixture.next()
    draft.previous = try #require(fixture.b1).id.hex
    expect(try fixture.relay.live(draft.event), refusedWith: "invalid: previous belongs to another pubkey")
  }

  @Test("ST-21 created-at-equal: time must go on", arguments: [0, -5])
  func time(_ offset: Int) throws {
    let fixture = try Fixture()
    var draft = fixture.next()
    draft.at = UInt64(Int(Acme.t0) + offset)
    expect(try fixture.relay.live(draft.event), refusedWith: "invalid: created_at must be after the previous update")
  }

  @Test("ST-23 replay-head, ST-111 crash-after-commit: the head is accepted again, and nothing is written")
  func replayHead() throws {
    let fixture = try Fixture(1)
    let (digest, journal) = (try fixture.relay.digest(), try fixture.relay.journalCount())
    #expect(try fixture.relay.live(fixture.u(1)) == Relay.accept)
    #expect(try fixture.relay.digest() == digest)
    #expect(try fixture.relay.journalCount() == journal)
    #expect(try fixture.relay.view(fixture.ignition)?.head.number == 1)
  }

  @Test("ST-24 replay-superseded")
  func replaySuperseded() throws {
    let fixture = try Fixture(2)
    #expect(try fixture.relay.live(fixture.u(1)) == "duplicate: superseded by \(fixture.u(2).id.short)")
  }

  @Test("ST-25, ST-26: what is forged is refused from any source", arguments: ["Stream", "Sync", "IP4"])
  func forged(_ source: String) throws {
    let fixture = try Fixture()
    let event = fixture.next().event
    let text = String(decoding: event.raw, as: UTF8.self)
    let badSignature = flipped(text)
    let badID = Array(text.replacing(event.id.hex, with: String(repeating: "1", count: 64)).utf8)
    let digest = try fixture.relay.digest()
    #expect(try fixture.relay.send(line: requestLine(json: badSignature, sourceType: source)) == "invalid: bad signature")
    #expect(try fixture.relay.send(line: requestLine(json: badID, sourceType: source)) == "invalid: bad event id")
    #expect(try fixture.relay.digest() == digest)
  }

  @Test("ST-103 bitcoin-backwards: heights never fall, also across updates without the tag")
  func blockBackwards() throws {
    let fixture = try Fixture.f4()
    try fixture.publish(fixture.next())
    var draft = fixture.next()
    draft.bitcoin = Acme.block(848_599)
    expect(try fixture.relay.live(draft.event), refusedWith: "invalid: bitcoin height went backwards")
    draft.bitcoin = Acme.block(848_601)
    try fixture.publish(draft)
  }

  @Test("another hash for the same height is a reorganisation for two hours, then a conflict")
  func blockConflict() throws {
    let fixture = try Fixture()
    var draft = fixture.next()
    draft.bitcoin = Acme.block(848_500, salt: "other")
    draft.at = Acme.t0 + 7201
    expect(try fixture.relay.live(draft.event), refusedWith: "invalid: bitcoin hash conflict")
    draft.at = Acme.t0 + 7200
    #expect(try fixture.relay.live(draft.event) == Relay.accept)
  }

  @Test("a hash that a known header contradicts is refused live; another relay may not have had the header")
  func unknownBlock() throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("commonsguard-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: file) }
    // The header of a true block, kept for another height.
    let header =
      "0100000081cd02ab7e569e8bcd9317e2fe99f2de44d49ab2b8851ba4a308000000000000"
      + "e320b6c2fffc8d750423db8b1eb942ae710e951ed797f7affc8892b0f1fc122bc7f5d74df2b9441a42a14695"
    let name = "848501:00000000000000001e8d6829a8a21adc5d38d0a473b144b6765798e61f98bd1d"
    #expect(FileManager.default.createFile(atPath: file.path, contents: nil))
    let handle = try FileHandle(forWritingTo: file)
    try handle.seek(toOffset: 848_501 * 80)
    try handle.write(contentsOf: Data(try #require(Hex.decode(header.utf8))))
    try handle.close()
    let fixture = try Fixture(0) { $0.headers = BitcoinHeaders(path: file.path) }
    var draft = fixture.next()
    draft.bitcoin = Acme.block(848_501)
    let other = draft.event
    #expect(try fixture.relay.live(other) == "invalid: unknown bitcoin block")
    let late = try Fixture(0) { $0.headers = BitcoinHeaders(path: file.path) }
    #expect(try late.relay.sync(other) == Relay.accept)
    draft.bitcoin = name
    #expect(try fixture.relay.live(draft.event) == Relay.accept)
    // What the file does not hold is not asked for: heights before and after it, and no file at all.
    for height in [848_500, 848_502] {
      var unknown = draft
      unknown.bitcoin = Acme.block(height)
      #expect(try Fixture(0) { $0.headers = BitcoinHeaders(path: file.path) }.relay.live(unknown.event) == Relay.accept)
    }
    #expect(try Fixture(0) { $0.headers = BitcoinHeaders(path: "/nonexistent") }.relay.live(other) == Relay.accept)
    // Accepted once, it is accepted from the journal too, whatever the file says by then.
    #expect(try Fixture(0) { $0.headers = BitcoinHeaders(path: file.path) }.relay.rejudge(other) == Relay.accept)
  }

  @Test("ST-109 delete-sec: a history with merits stays", arguments: [["a", Acme.address()], []])
  func deletion(_ tag: [String]) throws {
    let fixture = try Fixture(1)
    let target = tag.isEmpty ? ["e", fixture.u(1).id.hex] : tag
    let deletion = Acme.c.event(kind: 5, createdAt: Acme.t0 + 500, tags: [target])
    #expect(try fixture.relay.live(deletion) == "blocked: SEC history cannot be deleted")
    let lenient = try Fixture(1) { $0.allowDeletion = true }
    #expect(try lenient.relay.live(deletion) == Relay.accept)
    #expect(try lenient.relay.view(lenient.ignition)?.isHidden == true)
  }

  @Test("a collective without merits may be hidden; its chain stays")
  func deletionWithoutMerits() throws {
    let fixture = try Fixture()
    #expect(try fixture.relay.live(Acme.c.event(kind: 5, createdAt: Acme.t0 + 500, tags: [["e", fixture.ignition.id.hex]])) == Relay.accept)
    let view = try #require(try fixture.relay.view(fixture.ignition))
    #expect(view.isHidden && view.head.id == fixture.ignition.id)
  }

  @Test("a request to vanish hides the chains of its author")
  func vanish() throws {
    let fixture = try Fixture(1)
    #expect(try fixture.relay.live(Acme.c.event(kind: 62, createdAt: Acme.t0 + 500, tags: [["relay", "ALL_RELAYS"]])) == Relay.accept)
    #expect(try fixture.relay.view(fixture.ignition)?.isHidden == true)
    let stranger = try fixture.relay.judge(line: requestLine(Acme.n.event(kind: 62, tags: [["relay", "ALL_RELAYS"]])))
    #expect(stranger.owner == nil)
  }

  @Test("ST-110 foreign-delete: somebody else's deletion is not ours")
  func foreignDeletion() throws {
    let fixture = try Fixture(1)
    let deletion = Acme.n.event(kind: 5, createdAt: Acme.t0 + 500, tags: [["e", fixture.u(1).id.hex], ["a", Acme.address()]])
    let judgement = try fixture.relay.judge(line: requestLine(deletion))
    #expect(judgement.owner == nil && judgement.decision == .accept && !judgement.isWritten)
  }
}

/// The event with another first digit of its signature.
func flipped(_ event: String) -> [UInt8] {
  guard let range = event.firstRange(of: #""sig":""#) else { return [] }
  let digit = event[range.upperBound]
  return Array((event[..<range.upperBound] + (digit == "0" ? "1" : "0") + event[event.index(after: range.upperBound)...]).utf8)
}
