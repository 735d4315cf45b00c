// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import Testing

@testable import StateStore

@Suite struct ParkingTests {
  // First, to be closed before its directory goes: another test's directory may get the same inode.
  let store: StateStore
  let state: TemporaryState

  init() throws {
    state = try TemporaryState()
    store = try state.open()
  }

  private func park(_ event: ParkedEvent, _ dependency: String = "I", limits: ParkingLimits = .standard) throws -> Bool {
    try store.write { try $0.park(event, waitingFor: .test(dependency), limits: limits) }
  }

  private func release(_ dependency: String) throws -> Int { try store.write { try $0.release(.test(dependency)) } }
  private func released() throws -> [EventID] { try store.read { try $0.releasedEvents(limit: 100).map(\.id) } }
  private func isAwaited(_ dependency: String) throws -> Bool { try store.read { try !$0.events(waitingFor: .test(dependency), limit: 1).isEmpty } }
  private func count() throws -> Int { try store.read { try $0.parkedCount() } }

  @Test("The limits are the spec's")
  func standard() {
    let limits = ParkingLimits.standard
    #expect(limits.events == 50_000 && limits.bytes == 134_217_728 && limits.keptForEachPubkey == 100)
    #expect(limits.bytesForEachEvent == 65_536 && limits.seconds == 604_800)
    #expect(ParkingLimits.bytes(mapSizeMiB: 1024) == limits.bytes && ParkingLimits.bytes(mapSizeMiB: 16) == 2 << 20)
  }

  @Test("A parked event is kept as it came")
  func kept() throws {
    #expect(try park(parked(1, by: 2, receivedAt: 123, size: 40)))
    let event = try #require(try store.read { try $0.parkedEvent(id(1)) })
    #expect(event.pubkey == pubkey(2))
    #expect(event.createdAt == 1_600_000_000 && event.outer == nil)
    #expect(event.receivedAt == 123)
    #expect(event.source == .stream)
    #expect(event.sourceInfo == "wss://relay.example")
    #expect(event.raw == [UInt8](repeating: 0x20, count: 40))
    #expect(try store.read { try $0.parkedEvent(id(2)) } == nil)
    #expect(try store.read { try $0.parkedBytes() } == 40)
  }

  @Test("Parking twice keeps it once, also when a limit is reached")
  func idempotent() throws {
    var limits = ParkingLimits.standard
    limits.events = 1
    #expect(try park(parked(1), limits: limits))
    #expect(try park(parked(1), limits: limits))
    #expect(try count() == 1)
  }

  @Test("What many events wait for hands over a part of them in its own transaction, and the worker takes the others; what is parked meanwhile waits")
  func releasedInSteps() throws {
    let count = 2 * StateWriter.releasedAtOnce + 7
    try store.write { writer in
      for number in 1...count { _ = try writer.park(parked(number, by: number % 9), waitingFor: .test("I")) }
    }
    #expect(try release("I") == StateWriter.releasedAtOnce)
    #expect(try store.read { try $0.hasMoreToRelease() })
    #expect(try park(parked(count + 1), "I"))
    var steps = 0
    while try store.write({ try $0.releaseMore() }) { steps += 1 }
    #expect(steps == 2)
    #expect(try store.read { try $0.releasedEvents(limit: .max).count } == count)
    #expect(try isAwaited("I"))
    #expect(try release("I") == 1)
    #expect(try store.read { try !$0.hasMoreToRelease() })
    #expect(try store.check() == [])
  }

  @Test("64 KiB may be parked, a byte more may not")
  func eventSize() throws {
    #expect(try park(parked(1, size: 65_536)))
    #expect(try !park(parked(2, size: 65_537)))
    #expect(try count() == 1)
  }

  @Test("The number of all is limited, and a removal makes room")
  func allEvents() throws {
    var limits = ParkingLimits.standard
    limits.events = 3
    for number in 1...3 { #expect(try park(parked(number, by: number), limits: limits)) }
    #expect(try !park(parked(4, by: 4), limits: limits))
    #expect(try store.write { try $0.removeParked(id: id(2)) })
    #expect(try park(parked(4, by: 4), limits: limits))
    #expect(try count() == 3)
  }

  @Test("The bytes of all are limited")
  func allBytes() throws {
    var limits = ParkingLimits.standard
    limits.bytes = 100
    #expect(try park(parked(1, size: 60), limits: limits))
    #expect(try !park(parked(2, size: 41), limits: limits))
    #expect(try park(parked(3, size: 40), limits: limits))
    #expect(try store.read { try $0.parkedBytes() } == 100)
  }

  @Test("Events older than 7 days, by receivedAt, are dropped when another is parked; younger ones stay")
  func expiry() throws {
    #expect(try park(parked(1, receivedAt: 1000)))
    #expect(try park(parked(2, receivedAt: 1001)))
    #expect(try park(parked(3, receivedAt: 1001 + 7 * 86_400)))
    #expect(try store.read { try $0.parkedEvent(id(1)) } == nil)
    #expect(try store.read { try $0.parkedEvent(id(2)) } != nil)
    #expect(try count() == 2)
    #expect(try release("I") == 2)
  }

  @Test("A rebuild forgets nothing: neither years between events nor many of one pubkey make it drop what waits")
  func rebuildLimits() throws {
    for number in 1...150 { #expect(try park(parked(number, by: 1, receivedAt: UInt64(number) * 86_400), limits: .rebuild)) }
    #expect(try count() == 150)
    #expect(try park(parked(200, by: 2, receivedAt: 200 * 86_400, size: 70_000), limits: .rebuild))
    #expect(try !park(parked(201, by: 2, receivedAt: 200 * 86_400, size: (32 << 20) + 1), limits: .rebuild))
  }

  @Test("Expired events make room for a new one at the limit")
  func expiryMakesRoom() throws {
    var limits = ParkingLimits.standard
    limits.events = 1
    #expect(try park(parked(1, receivedAt: 1000), limits: limits))
    #expect(try !park(parked(2, receivedAt: 1000 + limits.seconds), limits: limits))
    #expect(try park(parked(2, receivedAt: 1001 + limits.seconds), limits: limits))
  }

  @Test("A release hands on the events that wait for exactly this dependency, in the order of their parking, once")
  func releases() throws {
    for (number, dependency) in [(3, "I"), (1, "I"), (2, "II"), (4, "J")] { #expect(try park(parked(number), dependency)) }
    #expect(try release("K") == 0)
    #expect(try released().isEmpty)
    #expect(try release("I") == 2)
    #expect(try released() == [id(3), id(1)])
    #expect(try release("I") == 0)
    #expect(try count() == 4)
    #expect(try release("II") == 1)
    #expect(try released() == [id(3), id(1), id(2)])
  }

  @Test("Nothing is released when nothing is parked")
  func nothingParked() throws { #expect(try release("I") == 0) }

  @Test("A released event is removed once, and may wait for something else then")
  func parkedAgain() throws {
    #expect(try park(parked(1)))
    #expect(try release("I") == 1)
    let event = try #require(try store.read { try $0.releasedEvents(limit: 1) }.first)
    try store.write { writer throws in
      #expect(try writer.removeParked(event.sequence))
      #expect(try writer.park(event, waitingFor: .test("J")))
    }
    #expect(try !store.write { try $0.removeParked(event.sequence) })
    #expect(try released().isEmpty)
    #expect(try count() == 1)
    #expect(try release("I") == 0)
    #expect(try release("J") == 1)
  }

  @Test("When all is removed, nothing is left in any of the tables")
  func nothingLeft() throws {
    for number in 1...5 { #expect(try park(parked(number, by: number % 2), "D\(number % 3)")) }
    #expect(try release("D1") == 2)
    try store.write { writer throws in for number in 1...5 { #expect(try writer.removeParked(id: id(number))) } }
    #expect(try !store.write { try $0.removeParked(id: id(1)) })
    for (table, entries) in try store.information().entries where table.hasPrefix("parked") { #expect(entries == 0, "\(table)") }
    #expect(try count() == 0)
    #expect(try store.read { try $0.parkedBytes() } == 0)
  }

  private func keep(_ event: ParkedEvent, until dependencies: [String], limits: ParkingLimits = .standard) throws -> Bool {
    try store.write { try $0.keep(event, until: dependencies.map { .test($0) }, limits: limits) }
  }

  @Test("A copy that waits for several things is released by the first, once, and leaves nothing behind")
  func several() throws {
    #expect(try keep(parked(1), until: ["I", "J", "K"]))
    #expect(try store.check() == [])
    #expect(try isAwaited("J"))
    #expect(try store.read { try $0.events(waitingFor: .test("K"), limit: 9).map(\.id) } == [id(1)])
    #expect(try store.read { try $0.parkedEvent(id(1))?.isKept } == true)
    #expect(try release("J") == 1)
    #expect(try store.check() == [])
    #expect(try released() == [id(1)])
    #expect(try store.write { try $0.removeParked(id: id(1)) })
    for (table, entries) in try store.information().entries where table.hasPrefix("parked") { #expect(entries == 0, "\(table)") }
    #expect(try !isAwaited("I"))
  }

  @Test("Copies are kept in half of the room at most, none that waits for nothing, and under the first that it names")
  func share() throws {
    var limits = ParkingLimits.standard
    limits.events = 4
    limits.dependenciesOfKept = 2
    #expect(try !keep(parked(1), until: [], limits: limits))
    #expect(try keep(parked(1), until: ["I", "J", "K"], limits: limits))
    #expect(try isAwaited("J") && !isAwaited("K"))
    #expect(try keep(parked(2), until: ["I"], limits: limits))
    #expect(try !keep(parked(3), until: ["I"], limits: limits))
    #expect(try park(parked(4), limits: limits))
    limits.bytes = 10
    #expect(try !keep(parked(5), until: ["I"], limits: limits))
    #expect(try store.read { try $0.parkedEvent(id(4))?.isKept } == false)
  }

  @Test("A copy is kept while fewer than a hundred events of its author wait; another author's is")
  func keptForEachPubkey() throws {
    for number in 1...99 { #expect(try park(parked(number))) }
    #expect(try keep(parked(100), until: ["I"]))
    #expect(try !keep(parked(101), until: ["I"]))
    #expect(try keep(parked(101, by: 2), until: ["I"]))
  }

  @Test("An event that schema 2 parked is read, released and removed")
  func firstLayout() throws {
    // Its time stands in the event alone, and this one is none.
    let event = parked(1, createdAt: 0)
    #expect(try park(event))
    var old = RecordWriter()
    old.put(UInt8(1))
    old.put(event.id)
    old.put(event.pubkey)
    old.put(event.receivedAt)
    old.put(event.source.code)
    old.put(optional: event.sourceInfo) { $0.put(counted: $1) }
    old.put(counted: Dependency.test("I").key)
    old.put(counted: event.raw)
    try store.write { try $0.put($0.tables.parked, 1, old.bytes) }
    #expect(try store.check() == [])
    let read = try #require(try store.read { try $0.parkedEvent(id(1)) })
    #expect(read.raw == event.raw && read.receivedAt == event.receivedAt && !read.isKept)
    #expect(try release("I") == 1)
    #expect(try store.write { try $0.removeParked(1) })
    for (table, entries) in try store.information().entries where table.hasPrefix("parked") { #expect(entries == 0, "\(table)") }
  }

  @Test("An event whose row cannot be read stops neither the others nor what is parked after it, and goes when it has expired")
  func unreadable() throws {
    for number in 1...3 { #expect(try park(parked(number, receivedAt: 1000))) }
    try store.write { writer throws in
      try writer.put(writer.tables.parked, 1, [9])
      _ = try writer.delete(writer.tables.parked, 2)
    }
    #expect(try store.read { try $0.events(waitingFor: .test("I"), limit: 9).map(\.id) } == [id(3)])
    #expect(try release("I") == 3)
    #expect(try released() == [id(3)])
    #expect(try park(parked(4, receivedAt: 1001 + ParkingLimits.standard.seconds)))
    #expect(try released().isEmpty)
    #expect(try store.information().entries.first { $0.table == "parked.released" }?.count == 0)
    #expect(try store.information().entries.first { $0.table == "parked.ages" }?.count == 1)
  }
}
