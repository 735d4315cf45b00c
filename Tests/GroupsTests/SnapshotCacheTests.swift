// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Testing

@testable import Groups

@Suite("What is kept in memory") struct SnapshotCacheTests {
  @Test("a cache holds so many bytes, the newest of them; what is larger than all of it is not kept")
  func bounded() {
    let cache = BoundedCache<Int, Int>(maxBytes: 10_000)
    for index in 0..<1000 {
      cache.keep(index, bytes: 500, for: index)
      #expect(cache.bytes <= 10_000)
      #expect(cache.value(index) == index)
    }
    #expect(cache.bytes > 4000)
    #expect(cache.value(0) == nil)
    cache.keep(1, bytes: 10_001, for: -1)
    #expect(cache.value(-1) == nil)
    cache.keep(5, bytes: 500, for: 999)
    #expect(cache.value(999) == 999, "what is kept under a name never changes")
  }

  @Test("modifications of one key in a full meta leave the kept states bounded")
  func oneKey() throws {
    let world = try World()
    let items = (0..<256).map { "\"k\($0)\":\"\(String(repeating: "v", count: 50))\"" }.joined(separator: ",")
    let group = world.initGroup(["A"], meta: "{\(items)}").id
    var most = 0
    for index in 1...400 {
      #expect(world.modify("{\"meta\":{\"k0\":\"\(index)\"}}", by: "A", in: group, at: t(1) + UInt64(index)).isAccepted)
      most = max(most, world.validator.cache.bytes)
    }
    #expect(most <= SnapshotCache.maxBytes)
    // 400 of them are more than the bound, metas counted.
    let tip = world.tip(group)
    let snapshot = try world.store.read { try world.validator.cache.snapshot(at: tip, reading: $0) }
    #expect(snapshot.heapBytes > 256 * (4 + 50) && 400 * snapshot.heapBytes > SnapshotCache.maxBytes)
    #expect(most > SnapshotCache.maxBytes / 3)
  }

  @Test("a state that is larger than the cache is folded once in a judgement, and given back with it")
  func large() throws {
    let world = try World()
    let items = (0..<256).map { "\"k\($0)\":\"\(String(repeating: "v", count: 50))\"" }.joined(separator: ",")
    let group = world.initGroup(["A"], meta: "{\(items)}").id
    let reader = try CountingReader(world)
    let lasting = SnapshotCache(maxBytes: 4096)
    for _ in 0..<2 {
      let cache = lasting.forOneJudgement
      let before = reader.reads
      for _ in 0..<5 { #expect(try cache.snapshot(at: group, reading: reader).meta.count == 256) }
      #expect(reader.reads == before + 1 && lasting.bytes == 0 && cache.bytes > 4096)
    }
    // What fits is there for the next.
    let small = SnapshotCache()
    _ = try small.forOneJudgement.snapshot(at: group, reading: reader)
    let before = reader.reads
    _ = try small.forOneJudgement.snapshot(at: group, reading: reader)
    #expect(reader.reads == before && small.bytes > 4096)
  }
}
