// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import TestSupport

/// A domain of two kinds: a parent (7001), and a child (7002) that waits for the parent that its `e` tag names. A parent asks for a deferred
/// follow-up five seconds later, whose content counts how often it was built.
struct FakeDomain: Validator {
  static let counts = Table(.economy, 0, "counts")
  static let subject = Array("station".utf8)
  static let node = TestKey("node")

  let domain = Domain.economy
  let tables = [counts]

  func claim(on event: borrowing EventSlices) -> Claim {
    let kind = event.kind
    return kind == 7001 || kind == 7002 ? .owned : .none
  }

  func parse(_ event: VerifiedEvent, in circumstances: Circumstances, trace: CheckTrace?) throws -> VerifiedEvent { event }

  func decide(
    _ event: VerifiedEvent, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable, trace: CheckTrace?
  ) throws -> Verdict {
    if event.kind == 7001 {
      let deferred = DeferredFollowUp(
        domain: .economy, name: .alert, subject: Self.subject, trigger: event.id, receivedAt: circumstances.receivedAt,
        dueAt: circumstances.receivedAt + 5)
      return .accepted(Effects(followUps: [.deferred(deferred)], provides: [Dependency(.economy, event.id.bytes)]))
    }
    guard let parent = event.tags.first(named: "e")?[1].flatMap({ EventID(hex: $0) }) else { throw Rejection.invalid("no parent") }
    guard try state.known(parent) != nil else {
      throw Parked(.restricted("unknown parent"), waitingFor: Dependency(.economy, parent.bytes))
    }
    if event.content == "broken" { throw Fault.invariant("a broken child") }
    if event.content == "bad" { throw Rejection.invalid("bad child") }
    return .accepted(Effects(provides: [Dependency(.economy, event.id.bytes)]))
  }

  func build(_ deferred: DeferredFollowUp, reading state: borrowing some StateReader & ~Copyable) throws -> (FollowUpEvent, [StateChange])? {
    let count = (try state.value(Self.counts, [0])?.first ?? 0) + 1
    let event = try UnsignedEvent(
      pubkey: Self.node.pubkey, createdAt: deferred.receivedAt, kind: 30999, tags: [["d", "station"]], content: "\(count)")
    return (
      FollowUpEvent(name: deferred.name, subject: deferred.subject, trigger: deferred.trigger, body: .unsigned(event)),
      [.put(Self.counts, key: [0], value: [count])]
    )
  }

  func digest(reading state: borrowing some StateReader & ~Copyable, into feed: ([UInt8]) -> Void) throws {}
}
