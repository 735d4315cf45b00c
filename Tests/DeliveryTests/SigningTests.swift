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

  @Test("A key that is not the node's parks the rows, and the right one delivers them after a retry")
  func mismatch() throws {
    let installation = try Installation()
    let id = try installation.enqueue(["one"])[0]
    let sink = RecordingSink()
    let pass = try installation.worker(sink) { TestKey("somebody else").key }.runOnce()
    #expect(pass.parked == 1)
    #expect(sink.batches.isEmpty)
    let row = try installation.row(id)
    #expect(row.state == .parked)
    #expect(row.lastError.contains("node.publicKey is \(Installation.node.pubkey.short)"))
    #expect(installation.names == ["delivery.parked"])
    #expect(try installation.store.write { try $0.retryFollowUp(id) })
    #expect(try installation.worker(sink).runOnce().delivered == 1)
  }

  @Test("A missing or unreadable key parks the rows, with words that say which")
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

  @Test("An event by an earlier key of the node is parked, and the others are delivered")
  func earlierKey() throws {
    let installation = try Installation()
    let old = try installation.enqueue(["old"], author: TestKey("earlier node"))[0]
    let new = try installation.enqueue(["new"])[0]
    let pass = try installation.worker(RecordingSink()).runOnce()
    #expect(pass.parked == 1)
    #expect(pass.delivered == 1)
    #expect(try installation.row(old).state == .parked)
    #expect(try installation.row(new).state == .delivered)
  }

  @Test("The key is read once, and not for events that are signed already")
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
    for content in ["one", "two"] {
      try installation.enqueue([content])
      _ = worker.runOnce()
    }
    #expect(installation.keyReadCount == 1)
  }
}
