// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy
import TestSupport
import Testing

@testable import Groups

@Suite struct NodeStepTests {
  private static let id = EventID(.zero)

  private func node(_ change: ResolvedChange, parent: EventID?) -> NodeRecord {
    NodeRecord(
      id: Self.id, group: parent ?? Self.id, parent: parent, jump: parent.map { Jump(id: $0, depth: 1024, createdAt: 6) },
      author: World.key("A").pubkey, createdAt: 7, receivedAt: 8, depth: 1025, isLate: true, isProven: false, change: change)
  }

  @Test("the short way reads what the long way reads, whatever a node changed")
  func agrees() throws {
    let key = World.key("B").pubkey
    let other = EventID(key.value)
    let removes = [EntryID(depth: 3, ordinal: 1), EntryID(depth: 0, ordinal: 2)]
    let adds: [Member] = [.account(key), .group(other, isBlock: false), .group(other, isBlock: true)]
    let changes = [
      ResolvedChange(), ResolvedChange(removes: removes), ResolvedChange(adds: adds), ResolvedChange(removes: removes, adds: adds),
      ResolvedChange(adds: adds, admin: .set(other)), ResolvedChange(admin: .clear), ResolvedChange(attesters: .set([key])),
      ResolvedChange(meta: [MetaChange(key: Text("k"), value: nil)]),
    ]
    for change in changes {
      for parent in [other, nil] {
        let node = node(change, parent: parent)
        let step = try NodeStep(id: node.id, decoding: node.encoded)
        #expect(step.parent == parent && step.depth == 1025 && step.change == change)
      }
    }
  }

  @Test("a damaged node is a fault, never a trap")
  func damaged() throws {
    let bytes = node(ResolvedChange(removes: [EntryID(depth: 3, ordinal: 1)], adds: [.account(World.key("B").pubkey)]), parent: Self.id).encoded
    for count in bytes.indices { #expect(throws: Fault.self) { try NodeStep(id: Self.id, decoding: Array(bytes.prefix(count))) } }
    var random = SplitMix64(seed: 3)
    for _ in 0..<2000 {
      var damaged = bytes
      // Behind the fields that may hold anything; a count of four billion is too few bytes.
      damaged[Int.random(in: 163..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      do {
        #expect(try NodeStep(id: Self.id, decoding: damaged).parent == Self.id, "what stands before the damage is read")
      } catch { #expect(error is Fault) }
    }
  }
}
