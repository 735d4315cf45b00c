// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import TestSupport
import Testing

@testable import StateStore

/// Rule 5 as it stands in specs/constellation.md, without tables: whoever has most is looked for among all.
private struct WaitingModel {
  var limits: ParkingLimits
  var waiting: [Int: ParkedEvent] = [:]
  var known: Set<Int> = []

  private func isShort(adding size: Int) -> (events: Bool, bytes: Bool) {
    (waiting.count + 1 > limits.events, waiting.values.reduce(0) { $0 + $1.byteCount } + size > limits.bytes)
  }

  private static func isNewer(_ one: ParkedEvent, _ other: ParkedEvent) -> Bool { (one.createdAt, one.id.hex) > (other.createdAt, other.id.hex) }

  /// Whether it waits then.
  mutating func park(_ number: Int, _ event: ParkedEvent) -> Bool {
    if waiting[number] != nil { return true }
    while true {
      let short = isShort(adding: event.byteCount)
      if !short.events, !short.bytes { break }
      let all = Array(waiting.values) + [event]
      let unknown = all.filter { candidate in !known.contains { pubkey($0) == candidate.pubkey } }
      let weights = Dictionary(grouping: unknown.isEmpty ? all : unknown) { $0.pubkey.hex }
        .mapValues { events in short.events ? events.count : events.reduce(0) { $0 + $1.byteCount } }
      guard let most = weights.max(by: { ($0.value, $0.key) < ($1.value, $1.key) })?.key,
        let victim = all.filter({ $0.pubkey.hex == most }).max(by: { Self.isNewer($1, $0) }), victim.id != event.id,
        let going = waiting.first(where: { $0.value.id == victim.id })?.key
      else { return false }
      waiting[going] = nil
    }
    waiting[number] = event
    return true
  }
}

@Suite("What waits, beside a model that looks at everything")
struct WaitingModelTests {
  @Test("is the same after any history, also when the state is opened anew", arguments: UInt64(1)...12)
  func model(_ seed: UInt64) throws {
    let state = try TemporaryState()
    var store: StateStore? = try state.open()
    var random = SplitMix64(seed: seed)
    var limits = ParkingLimits()
    limits.events = 25
    limits.bytes = seed % 2 == 0 ? 1500 : 1 << 20
    var model = WaitingModel(limits: limits)
    for step in 1...300 {
      guard let open = store else { return }
      let number = Int.random(in: 1...120, using: &random)
      switch Int.random(in: 0..<20, using: &random) {
      case 0:
        let author = Int.random(in: 1...8, using: &random)
        model.known.insert(author)
        try open.write { try $0.note(author: pubkey(author)) }
      case 1...3:
        #expect(try open.write { try $0.removeParked(id: id(number)) } == (model.waiting.removeValue(forKey: number) != nil))
      case 4:
        open.close()
        store = try state.open()
      case 5: _ = try open.write { try $0.release(.test("D\(number % 3)")) }
      default:
        // Few keys often, many seldom.
        let author = min(Int.random(in: 1...8, using: &random), Int.random(in: 1...8, using: &random))
        let event = parked(
          number, by: author, createdAt: .random(in: 1...20, using: &random), size: .random(in: 1...150, using: &random))
        let isParked = try open.write { try $0.park(event, waitingFor: .test("D\(number % 3)"), limits: limits) }
        #expect(isParked == model.park(number, event), "step \(step)")
      }
    }
    let last = try #require(store)
    #expect(try last.check() == [])
    #expect(try last.read { try $0.parkedCount() } == model.waiting.count)
    for (number, event) in model.waiting {
      #expect(try last.read { try $0.parkedEvent(id(number))?.createdAt } == event.createdAt, "\(number)")
    }
  }
}
