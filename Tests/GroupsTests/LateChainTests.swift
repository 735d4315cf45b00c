// SPDX-License-Identifier: AGPL-3.0-or-later
import Groups
import Judgement
import Nostr
import Policy
import StateStore
import TestSupport
import Testing

@Suite("A long chain of one administrator at a relay that comes late")
struct LateChainTests {
  /// A pull asks for the newest first. Source: specs/constellation.md, 5.
  @Test("is taken in one pull that brings it newest first: all of it waits, and is judged when the group comes")
  func newestFirst() throws {
    let early = try World()
    let group = early.initGroup(["A"]).id
    for number in 1...250 {
      let time = T + UInt64(number) * 60
      #expect(early.modify("{\"meta\":{\"n\":\"\(number)\"}}", by: "A", in: group, at: time).isAccepted)
    }
    let late = try World()
    let now = T + day
    for row in early.accepted.dropFirst().reversed() {
      #expect(late.send(row.json, received: now, source: "Sync").message.hasPrefix("error: missing group \(group.short), parked"))
    }
    #expect(try late.store.read { try $0.parkedCount() } == 250)
    #expect(late.send(early.accepted[0].json, received: now, source: "Sync").isAccepted)
    // All of them waited for the group; then each but the first waits for the one before it.
    #expect(try late.judge.judgeAllReleased() == (250, 249))
    #expect(try late.store.read { try $0.parkedCount() } == 0)
    #expect(late.tip(group) == early.tip(group))
    #expect(try StateDigest.read(late.store, late.judge.registry) == StateDigest.read(early.store, early.judge.registry))
  }

  @Test("and what a missing event is waited for as, is told in words")
  func words() {
    let validator = GroupsValidator(options: GroupsOptions())
    let id = TestKey("a").event(kind: 1).id
    #expect(validator.words(for: Dependency(.groups, id.bytes)) == "event \(id.hex)")
    #expect(validator.words(for: Dependency(.groups, [1])) == nil)
  }
}
