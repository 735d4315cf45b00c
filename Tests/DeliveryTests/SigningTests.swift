// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy
import StateStore
import TestSupport
import Testing

@testable import Delivery

@Suite("What cannot be signed waits for the operator")
struct SigningTests {
  struct Unreadable: Error, CustomStringConvertible { let description = "mode is 0644" }

  @Test("A key that is not the node's holds the rows, and the right one delivers them after a retry")
  func mismatch() throws {
    let installation = try Installation()
    let id = try installation.enqueue(["one"])[0]
    let sink = RecordingSink()
    let pass = try installation.worker(sink) { TestKey("somebody else").key }.runOnce()
    #expect(pass.held == 1)
    #expect(sink.batches.isEmpty)
    let row = try installation.row(id)
    #expect(row.state == .held)
    #expect(row.lastError.contains("node.publicKey is \(Installation.node.pubkey.short)"))
    #expect(installation.names == ["delivery.held"])
    #expect(try installation.store.write { try $0.retryFollowUp(id) })
    #expect(try installation.worker(sink).runOnce().delivered == 1)
  }

  @Test("A missing or unreadable key holds the rows, with words that say which")
  func missing() throws {
    let installation = try Installation()
    let id = try installation.enqueue(["one"])[0]
    _ = try installation.worker(RecordingSink()) { nil }.runOnce()
    #expect(try installation.row(id).lastError == "node.secretKeyFile is not set")
    #expect(try installation.store.write { try $0.retryFollowUp(id) })
    _ = try installation.worker(RecordingSink()) { throw Unreadable() }.runOnce()
    #expect(try installation.row(id).lastError == "node.secretKeyFile cannot be used: mode is 0644")
    #expect(try installation.store.write { try $0.retryFollowUp(id) })
    _ = try installation.worker(RecordingSink(), options: DeliveryOptions()).runOnce()
    #expect(try installation.row(id).lastError == "node.publicKey is not set")
  }

  @Test("An event by an earlier key of the node is held, and the others are delivered")
  func earlierKey() throws {
    let installation = try Installation()
    let old = try installation.enqueue(["old"], author: TestKey("earlier node"))[0]
    let new = try installation.enqueue(["new"])[0]
    let pass = try installation.worker(RecordingSink()).runOnce()
    #expect(pass.held == 1)
    #expect(pass.delivered == 1)
    #expect(try installation.row(old).state == .held)
    #expect(try installation.row(new).state == .delivered)
  }

  @Test("A row that cannot be signed now waits, and the later ones of its subject with it; other subjects go on")
  func failingSignature() throws {
    let installation = try Installation()
    let first = try installation.enqueue(["one", "two"], subject: "a")
    let other = try installation.enqueue(["three"], subject: "b")[0]
    let sink = RecordingSink()
    let worker = try installation.worker(sink)
    worker.signer.signature = { event, key in
      guard event.id != first[0] else { throw Unreadable() }
      return try event.signed(by: key)
    }
    let pass = worker.runOnce()
    #expect(pass.retried == 1)
    #expect(pass.delivered == 1)
    #expect(sink.batches.map { $0.map(\.id) } == [[other]])
    #expect(try installation.row(first[0]).lastError == "cannot sign: mode is 0644")
    #expect(try installation.row(first[1]).attempts == 0)
    worker.signer.signature = { event, key in try event.signed(by: key) }
    installation.advance(seconds: 1)
    _ = worker.runOnce()
    #expect(sink.batches.last?.map(\.id) == first)
  }

  @Test("The key is read once for a batch that needs it, and not for events that are signed already")
  func lazily() throws {
    let installation = try Installation()
    let event = TestKey("author").event(kind: 7002)
    let followUp = FollowUpEvent(
      name: .parkedEvent, subject: event.id.bytes, trigger: event.id, body: .signed(raw: event.raw, id: event.id, kind: event.kind))
    try installation.store.write { try $0.enqueue(.event(followUp), at: 1) }
    let sink = RecordingSink()
    let worker = try installation.worker(sink)
    #expect(worker.runOnce().delivered == 1)
    #expect(sink.lines == [event.raw])
    #expect(installation.keyReadCount == 0)
    try installation.enqueue(["one", "two", "three"])
    #expect(worker.runOnce().delivered == 3)
    #expect(installation.keyReadCount == 1)
    #expect(worker.runOnce() == DeliveryPass())
    #expect(installation.keyReadCount == 1)
  }

  @Test("While the sink has a batch, the key is gone")
  func forgotten() throws {
    let installation = try Installation()
    try installation.enqueue(["one"])
    weak var key: SigningKey?
    let sink = RecordingSink()
    var wasThere = true
    sink.answer = { _ in
      wasThere = key != nil
      return .delivered
    }
    let worker = try installation.worker(sink) {
      let made = try SigningKey(secret: Installation.node.secret)
      key = made
      return made
    }
    #expect(worker.runOnce().delivered == 1)
    #expect(!wasThere)
    #expect(installation.keyReadCount == 1)
  }

  @Test("Held rows stay while the key is the same, in a new process too, and go on by themselves when it is another one")
  func goOn() throws {
    let installation = try Installation()
    try installation.enqueue(["one", "two"])
    let sink = RecordingSink()
    let wrong = { @Sendable () -> SigningKey? in TestKey("somebody else").key }
    let first = try installation.worker(sink, key: wrong, keyMark: { [1] })
    #expect(first.runOnce().held == 2)
    #expect(first.runOnce() == DeliveryPass())
    #expect(try installation.worker(sink, key: wrong, keyMark: { [1] }).runOnce() == DeliveryPass())
    #expect(installation.names == ["delivery.held"])
    let pass = try installation.worker(sink, keyMark: { [2] }).runOnce()
    #expect(pass.resumed == 2)
    #expect(pass.delivered == 2)
    #expect(try installation.counts() == OutboxCounts(delivered: 2))
  }

  @Test("Rows that an earlier program held, without a note of the key, go on once; failed ones do not")
  func goOnWithoutNote() throws {
    let installation = try Installation()
    let ids = try installation.enqueue(["one", "two"])
    try installation.store.write { state throws in
      #expect(try state.holdFollowUp(1, error: "x"))
      #expect(try state.markFailed(2, error: "x"))
    }
    let worker = try installation.worker(RecordingSink())
    #expect(worker.runOnce().resumed == 1)
    #expect(try installation.row(ids[0]).state == .delivered)
    #expect(try installation.row(ids[1]).state == .failed)
    #expect(worker.runOnce() == DeliveryPass())
  }
}
