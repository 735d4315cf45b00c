// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import TestSupport
import Testing

@testable import StateStore

@Suite("When there is no room for all that waits")
struct WaitingTests {
  // First, to be closed before its directory goes: another test's directory may get the same inode.
  let store: StateStore
  let state: TemporaryState

  init() throws {
    state = try TemporaryState()
    store = try state.open()
  }

  private static func limits(events: Int = .max, bytes: Int = 1 << 30, known: [Int] = []) -> ParkingLimits {
    var limits = ParkingLimits()
    limits.events = events
    limits.bytes = bytes
    limits.knownKeys = Set(known.map { pubkey($0) })
    return limits
  }

  private func park(_ events: ParkedEvent..., limits: ParkingLimits) throws -> [Bool] {
    try store.write { writer in try events.map { try writer.park($0, waitingFor: .test("I"), limits: limits) } }
  }

  private func waiting() throws -> Set<EventID> {
    var ids: Set<EventID> = []
    try store.read { view in
      try view.parkedEvents(from: 0) { event, _, _ in
        ids.insert(event.id)
        return true
      }
    }
    return ids
  }

  @Test("no key has a share: while there is room one key may have all of it")
  func noShare() throws {
    for number in 1...150 { #expect(try park(parked(number, by: 1), limits: Self.limits(events: 150)) == [true]) }
    #expect(try waiting().count == 150)
  }

  @Test("the newest event of the key with most goes, by created_at and then by id, whenever it came")
  func newestOfTheLargest() throws {
    let limits = Self.limits(events: 5)
    #expect(
      try park(
        parked(1, by: 1, createdAt: 30), parked(2, by: 1, createdAt: 10), parked(3, by: 1, createdAt: 30), parked(4, by: 2, createdAt: 99),
        parked(5, by: 2, createdAt: 98), limits: limits) == [true, true, true, true, true])
    #expect(try park(parked(6, by: 3, createdAt: 500), limits: limits) == [true])
    #expect(try waiting() == [id(1), id(2), id(4), id(5), id(6)])
    #expect(try store.check() == [])
  }

  @Test("an event that would itself be what goes is not kept, and pushes nothing out; an older one of its key takes the newest one's place")
  func arrivingIsVictim() throws {
    let limits = Self.limits(events: 3)
    #expect(
      try park(parked(1, by: 1, createdAt: 10), parked(2, by: 1, createdAt: 20), parked(3, by: 2, createdAt: 5), limits: limits) == [
        true, true, true,
      ])
    #expect(try park(parked(4, by: 1, createdAt: 21), limits: limits) == [false])
    #expect(try waiting() == [id(1), id(2), id(3)])
    #expect(try park(parked(5, by: 1, createdAt: 19), limits: limits) == [true])
    #expect(try waiting() == [id(1), id(3), id(5)])
    #expect(try store.check() == [])
  }

  @Test("of keys with equally much the greater goes first, whether it is there or arrives")
  func ties() throws {
    let limits = Self.limits(events: 2)
    #expect(try park(parked(1, by: 3), parked(2, by: 5), limits: limits) == [true, true])
    #expect(try park(parked(3, by: 6), limits: limits) == [false])
    #expect(try park(parked(4, by: 4), limits: limits) == [true])
    #expect(try waiting() == [id(1), id(4)])
  }

  @Test("known keys lose nothing while an unknown key has anything; then the one with most does, and an unknown key's event is not kept")
  func knownLast() throws {
    let limits = Self.limits(events: 5, known: [7])
    try store.write { try $0.note(author: pubkey(8)) }
    #expect(
      try park(
        parked(1, by: 7), parked(2, by: 7), parked(3, by: 8), parked(4, by: 8), parked(5, by: 1), limits: limits) == [true, true, true, true, true])
    #expect(try park(parked(6, by: 2), limits: limits) == [false])
    #expect(try park(parked(7, by: 7, createdAt: 9), limits: limits) == [true])
    #expect(try !waiting().contains(id(5)))
    #expect(try park(parked(8, by: 1), limits: limits) == [false])
    #expect(try park(parked(9, by: 8, createdAt: 9), limits: limits) == [true])
    // Both had three then, and of equals the greater key's newest goes.
    #expect(try waiting() == [id(1), id(2), id(3), id(7), id(9)])
    #expect(try store.check() == [])
  }

  @Test("a key that becomes known while its events wait counts as known from then on; the next largest unknown one makes room")
  func becomesKnown() throws {
    let limits = Self.limits(events: 6)
    for number in 1...4 { #expect(try park(parked(number, by: 1), limits: limits) == [true]) }
    #expect(try park(parked(5, by: 2), parked(6, by: 2), limits: limits) == [true, true])
    #expect(try park(parked(7, by: 3), limits: limits) == [true])
    #expect(try !waiting().contains(id(4)))
    try store.write { try $0.note(author: pubkey(1)) }
    #expect(try park(parked(8, by: 4), limits: limits) == [true])
    #expect(try waiting() == [id(1), id(2), id(3), id(5), id(7), id(8)])
    #expect(try store.read { try $0.parkedStanding(of: pubkey(1))?.isKnown } == true)
    #expect(try store.check() == [])
  }

  @Test("where bytes are short the key with most bytes makes room, not the one with most events, and as much as is needed")
  func bytes() throws {
    let limits = Self.limits(bytes: 1000)
    for number in 1...8 { #expect(try park(parked(number, by: 1, size: 20), limits: limits) == [true]) }
    for number in 11...14 { #expect(try park(parked(number, by: 2, createdAt: UInt64(number), size: 200), limits: limits) == [true]) }
    #expect(try store.read { try $0.parkedBytes() } == 960)
    #expect(try park(parked(20, by: 3, size: 300), limits: limits) == [true])
    #expect(try waiting() == Set((Array(1...8) + [11, 12, 20]).map { id($0) }))
    #expect(try store.read { try $0.parkedBytes() } == 860)
    #expect(try park(parked(21, by: 3, size: 1001), limits: limits) == [false])
    #expect(try waiting().count == 11)
    #expect(try store.check() == [])
  }

  @Test("where the limit was lowered the next ones make the room")
  func lowered() throws {
    for number in 1...8 { #expect(try park(parked(number, by: number % 2), limits: Self.limits(events: 8)) == [true]) }
    #expect(try park(parked(9, by: 3), limits: Self.limits(events: 3)) == [true])
    #expect(try waiting().count == 3)
    #expect(try park(parked(10, by: 3), limits: Self.limits(events: 0)) == [false])
  }

  /// The model's `flood`: attackers fill the room, an honest chain arrives, the attackers go on.
  @Test("a flood by a hundred keys pushes out neither a known key's chain nor an unknown one's small one")
  func flood() throws {
    let limits = Self.limits(events: 1000)
    try store.write { try $0.note(author: pubkey(1000)) }
    var random = SplitMix64(seed: 5)
    func attack(_ count: Int, from first: Int) throws {
      try store.write { writer in
        for number in first..<(first + count) {
          let event = parked(number, by: Int.random(in: 1...100, using: &random), createdAt: .random(in: 0...100, using: &random))
          _ = try writer.park(event, waitingFor: .test("nothing"), limits: limits)
        }
      }
    }
    try attack(1500, from: 10_000)
    #expect(try store.read { try $0.parkedCount() } == 1000)
    let chain = (0..<600).map { parked(100_000 + $0, by: 1000, createdAt: UInt64(1_000_000 - $0)) }
    let small = (0..<3).map { parked(200_000 + $0, by: 1001, createdAt: UInt64(1_000_000 - $0)) }
    for event in small + chain { #expect(try park(event, limits: limits) == [true]) }
    try attack(3000, from: 20_000)
    #expect(try waiting().isSuperset(of: (chain + small).map(\.id)))
    #expect(try store.read { try $0.parkedCount() } == 1000)
    #expect(try store.check() == [])
  }

  @Test("a released event may go as well, and one whose row cannot be read gives up its room")
  func releasedAndUnreadable() throws {
    let limits = Self.limits(events: 2)
    #expect(try park(parked(1, by: 1, createdAt: 1), parked(2, by: 1, createdAt: 2), limits: limits) == [true, true])
    try store.write { writer in
      try writer.release(.test("I"))
      try writer.put(writer.tables.parked, 2, [9])
    }
    #expect(try park(parked(3, by: 2), limits: limits) == [true])
    #expect(try waiting() == [id(1), id(3)])
    #expect(try park(parked(4, by: 3, createdAt: 0), parked(5, by: 0), limits: limits) == [false, true])
    #expect(try store.read { try $0.releasedEvents(limit: 9) }.map(\.id) == [id(1)])
    #expect(try store.read { try $0.parkedCount() } == 2)
  }

  // MARK: The archive beside it

  private func archived(_ number: Int, outer: Int?, by author: Int = 1) -> ParkedEvent {
    ParkedEvent(
      id: id(number), pubkey: pubkey(author), createdAt: 7, raw: [1, 2, 3], outer: outer.map { [UInt8](repeating: 9, count: $0) }, receivedAt: 5,
      source: .sync, sourceInfo: nil)
  }

  @Test("the archive that carried an event is kept beside it, and its bytes count")
  func outer() throws {
    #expect(try park(archived(1, outer: 50), limits: Self.limits(bytes: 60)) == [true])
    #expect(try store.read { try $0.parkedEvent(id(1))?.outer } == [UInt8](repeating: 9, count: 50))
    #expect(try store.read { try $0.parkedBytes() } == 53)
    #expect(try park(archived(2, outer: 50), limits: Self.limits(bytes: 60)) == [false])
    #expect(try park(archived(3, outer: 65_537), limits: Self.limits()) == [false])
    #expect(try store.write { try $0.removeParked(id: id(1)) })
    #expect(try store.read { try $0.parkedBytes() } == 0)
  }

  @Test("an archive of what waits already is added where there is room, once, and stays out where there is none")
  func outerLater() throws {
    let limits = Self.limits(bytes: 60)
    #expect(try park(archived(1, outer: nil), limits: limits) == [true])
    #expect(try park(archived(1, outer: 58), limits: limits) == [true])
    #expect(try store.read { try $0.parkedEvent(id(1))?.outer } == nil)
    #expect(try park(archived(1, outer: 57), archived(1, outer: 20), limits: limits) == [true, true])
    #expect(try store.read { try $0.parkedEvent(id(1))?.outer?.count } == 57)
    #expect(try store.read { try $0.parkedBytes() } == 60)
    #expect(try store.check() == [])
  }

  // MARK: What it costs

  @Test("with 50,000 waiting, one more touches as few rows as with ten: kept, refused, or in the place of another")
  func work() throws {
    let counted = try TemporaryState()
    let touched = Touched()
    let store = try counted.open(mapSizeMiB: 512) { point in
      switch point {
      case .put, .delete: touched.count.add(1, ordering: .relaxed)
      default: break
      }
      return 0
    }
    let limits = Self.limits(events: 50_000)
    func rows(_ event: ParkedEvent) throws -> (Bool, Int) {
      touched.count.store(0, ordering: .relaxed)
      let isParked = try store.write { try $0.park(event, waitingFor: .test("I"), limits: limits) }
      return (isParked, touched.count.load(ordering: .relaxed))
    }
    let first = try rows(parked(1, by: 1))
    for start in stride(from: 2, through: 49_999, by: 10_000) {
      try store.write { writer in
        for number in start..<min(start + 10_000, 50_000) {
          _ = try writer.park(parked(number, by: number % 500, createdAt: UInt64(number)), waitingFor: .test("I"), limits: limits)
        }
      }
    }
    let last = try rows(parked(50_000, by: 1000))
    #expect(first == (true, 9) && last == first)
    #expect(try rows(parked(50_001, by: 499, createdAt: 90_000)) == (false, 0))
    let (isParked, count) = try rows(parked(50_002, by: 1000))
    #expect(isParked && count <= 30)
    #expect(try store.read { try $0.parkedCount() } == 50_000)
  }
}
