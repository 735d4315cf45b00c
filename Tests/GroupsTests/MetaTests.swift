// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import TestSupport
import Testing

@testable import Groups

@Suite("GC3: a group's meta") struct MetaTests {
  /// `{"k000":"…",…}`, each item so many bytes long.
  private static func meta(_ keys: Range<Int>, bytes: Int = 8, value: Character? = "v") -> String {
    let items = keys.map { key in
      let name = "k" + String(1000 + key).dropFirst()
      return "\"\(name)\":" + (value.map { "\"" + String(repeating: $0, count: bytes - 4) + "\"" } ?? "null")
    }
    return "{\(items.joined(separator: ","))}"
  }

  private static func content(_ meta: String) -> String { "{\"meta\":\(meta)}" }
  private static let tooLarge = "invalid: group event too large"

  @Test("256 keys and 16,384 bytes, at the beginning, by a modification, and by a proposal; one more is too large")
  func limits() throws {
    let world = try World()
    #expect(world.initGroup(["A"], meta: Self.meta(0..<257), at: T + 1).message == Self.tooLarge)
    #expect(world.initGroup(["A"], meta: Self.meta(0..<1, bytes: 16_385), at: T + 1).message == Self.tooLarge)
    #expect(world.initGroup(["A"], meta: Self.meta(0..<1, bytes: 16_384), at: T + 1).isAccepted)
    let group = world.initGroup(["A"], meta: Self.meta(0..<200)).id
    #expect(world.modify(Self.content(Self.meta(150..<257)), by: "A", in: group, at: t(1)).message == Self.tooLarge)
    #expect(world.propose(Self.content(Self.meta(200..<257)), by: "A", in: group, at: t(1)).message == Self.tooLarge)
    #expect(world.modify(Self.content(Self.meta(199..<256, bytes: 300)), by: "A", in: group, at: t(1)).message == Self.tooLarge, "18,692 bytes")
    let first = world.propose(Self.content(Self.meta(200..<256)), by: "A", in: group, at: t(1))
    let second = world.propose(Self.content(Self.meta(256..<257)), by: "A", in: group, at: t(1))
    #expect(first.isAccepted && second.isAccepted)
    #expect(world.modify(by: "A", in: group, at: t(2), [(first.id, []), (second.id, [])]).message == Self.tooLarge)
    #expect(world.modify(Self.content(Self.meta(256..<257)), by: "A", in: group, at: t(2), [(first.id, [])]).message == Self.tooLarge)
    #expect(world.modify(Self.content(Self.meta(150..<200, bytes: 256)), by: "A", in: group, at: t(2), [(first.id, [])]).isAccepted)
    #expect(try world.view(group).meta.count == 256)
    #expect(world.modify(Self.content(Self.meta(255..<257)), by: "A", in: group, at: t(3)).message == Self.tooLarge)
    #expect(world.modify("{\"meta\":{\"k000\":null,\"k256\":\"\"}}", by: "A", in: group, at: t(3)).isAccepted, "one goes, one comes")
  }

  @Test("limits are not asked again; what is larger already may shrink and change, not grow")
  func older() throws {
    let world = try World {
      $0.maxMetaKeys = 4
      $0.maxMetaBytes = 40
    }
    let sent = world.initGroup(["A"], meta: Self.meta(0..<10))
    #expect(sent.message == Self.tooLarge)
    #expect(world.judgeAgain(sent.json, received: T, bare: false).isAccepted)
    let group = sent.id
    #expect(world.modify(Self.content(Self.meta(0..<10, value: nil)), by: "A", in: group, at: t(1) - 1, received: t(1), source: "Sync").isAccepted)
    #expect(try world.view(group).meta.isEmpty)
    let other = try World { $0.maxMetaKeys = 4 }
    #expect(other.judgeAgain(sent.json, received: T, bare: false).isAccepted)
    #expect(other.modify("{\"meta\":{\"k000\":\"w\",\"k001\":null}}", by: "A", in: group, at: t(1)).isAccepted)
    #expect(other.modify("{\"meta\":{\"k002\":\"w\"}}", by: "A", in: group, at: t(2)).isAccepted)
    #expect(other.modify("{\"meta\":{\"other\":\"w\"}}", by: "A", in: group, at: t(3)).message == Self.tooLarge)
    #expect(try other.view(group).meta.count == 9)
  }

  @Test("many changes at once come to what one after the other comes to", arguments: [UInt64(1), 2, 3])
  func merging(_ seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var snapshot = GroupSnapshot()
    var expected: [String: String] = [:]
    for _ in 0..<300 {
      let changes = (0..<Int.random(in: 0...12, using: &random)).map { _ in
        MetaChange(key: Text("k\(Int.random(in: 0..<40, using: &random))"), value: Bool.random(using: &random) ? Text("\(random.next() % 9)") : nil)
      }
      var distinct: [String: MetaChange] = [:]
      for change in changes {
        expected[change.key.string] = change.value?.string
        distinct[change.key.string] = change
      }
      let size = snapshot.metaSize(after: Array(distinct.values))
      snapshot.apply(meta: changes)
      #expect(snapshot.meta.map(\.key) == snapshot.meta.map(\.key).sorted())
      #expect(Dictionary(uniqueKeysWithValues: snapshot.meta.map { ($0.key.string, $0.value.string) }) == expected)
      #expect(size == (snapshot.meta.count, snapshot.metaBytes))
      for key in 0..<40 { #expect(snapshot.metaValue(of: Text("k\(key)"))?.string == expected["k\(key)"]) }
    }
  }

  @Test("a state of many keys is kept with the node that changed them, so that little is folded; it is what folding gives")
  func keptStates() throws {
    let world = try World()
    let group = world.initGroup(["A"]).id
    for index in 1...40 {
      let value: Character = index % 2 == 0 ? "a" : "b"
      #expect(world.modify(Self.content(Self.meta(0..<100, value: value)), by: "A", in: group, at: t(1) + UInt64(index)).isAccepted)
    }
    let event = World.key("A").verified(
      kind: 4833, createdAt: t(2), tags: [["group", group.hex], ["parent", world.tip(group).hex]], content: World.add("Z"))
    let result = try CountingReader.reads(of: event, in: world, received: t(2))
    #expect(result.refusal.isEmpty && result.reads < 30, "\(result.reads)")
    #expect(try world.rebuilt().view(group).meta.map(\.value) == world.view(group).meta.map(\.value))
  }
}
