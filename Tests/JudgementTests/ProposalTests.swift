// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Judgement
import Nostr
import Policy
import StateStore
import Synchronization
import TestSupport
import Testing

@Suite("An event is decided on a snapshot")
struct ProposalTests {
  private let event = TestKey("a").event(kind: 5, tags: [["e", String(repeating: "0", count: 64)]])

  @Test("and its decision is taken over as it is where nobody committed anything before it is written")
  func undisturbed() throws {
    let place = Place()
    let bench = try Bench([place.validator])
    #expect(bench.send(event) == "accept")
    #expect(place.decisions.load(ordering: .relaxed) == 1)
    #expect(try bench.journalCount() == 1)
  }

  @Test("and again in the write transaction where somebody did: two cannot both take what is there once")
  func overtaken() throws {
    let place = Place()
    let bench = try Bench([place.validator])
    place.betweenDecisions.withLock { [store = bench.store] action in
      action = { try? store.write { try $0.apply([.put(Place.table, key: Place.key, value: [1])]) } }
    }
    #expect(bench.send(event) == "blocked: taken")
    #expect(place.decisions.load(ordering: .relaxed) == 2)
    #expect(try bench.journalCount() == 0)
  }
}

/// One place, which the first event that comes takes.
private final class Place: Sendable {
  static let table = Table(.economy, 0, "place")
  static let key: [UInt8] = [1]
  let decisions = Atomic<Int>(0)
  /// Done by another thread once the first decision has read the state.
  let betweenDecisions = Mutex<(@Sendable () -> Void)?>(nil)

  var validator: Rules { Rules(place: self) }

  struct Rules: Validator {
    let place: Place
    let domain = Domain.economy
    let tables = [Place.table]

    func claim(on event: borrowing EventSlices) -> Claim { .owned }
    func parse(_ event: VerifiedEvent, in circumstances: Circumstances, trace: CheckTrace?) throws -> EventID { event.id }
    func digest(reading state: borrowing some StateReader & ~Copyable, into feed: ([UInt8]) -> Void) throws {}

    func decide(_ id: EventID, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable, trace: CheckTrace?) throws
      -> Verdict
    {
      let isTaken = try state.contains(Place.table, Place.key)
      if place.decisions.wrappingAdd(1, ordering: .relaxed).oldValue == 0, let action = place.betweenDecisions.withLock({ $0 }) {
        let isDone = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
          action()
          isDone.signal()
        }
        isDone.wait()
      }
      if isTaken { throw Rejection.blocked("taken") }
      return .accepted(Effects(changes: [.put(Place.table, key: Place.key, value: id.bytes)]))
    }
  }
}
