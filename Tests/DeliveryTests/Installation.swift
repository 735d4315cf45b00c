// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Glibc
import Judgement
import LMDB
import Nostr
import Policy
import Synchronization
import TestSupport

@testable import Delivery
@testable import StateStore

/// A state with the fake domain, and a clock that the test sets.
final class Installation: Sendable {
  let directory: TemporaryDirectory
  let store: StateStore
  let registry = DomainRegistry([FakeDomain()])
  let diagnostics = Mutex<[Diagnostic]>([])
  /// Unix milliseconds.
  let now = Atomic<UInt64>(1_700_000_000_000)
  /// While true, no write transaction can be committed.
  let failsCommits = Shared(false)
  /// How many write transactions were committed, or failed to be.
  let commits = Shared(0)
  private let keyReads = Atomic<Int>(0)

  static let node = FakeDomain.node

  init(mapSizeMiB: Int = 1024) throws {
    directory = try TemporaryDirectory()
    let (failsCommits, commits) = (failsCommits, commits)
    store = try StateStore(
      StoreOptions(
        directory: directory.file("state"), tables: registry.tables, mapSizeMiB: mapSizeMiB,
        faultInjection: { point in
          guard point == .commit else { return 0 }
          commits.withLock { $0 += 1 }
          return failsCommits.withLock { $0 } ? EIO : 0
        }))
  }

  var state: String { directory.file("state") }
  var keyReadCount: Int { keyReads.load(ordering: .relaxed) }
  var names: [String] { diagnostics.withLock { $0.map(\.name) } }
  func report(_ diagnostic: Diagnostic) { diagnostics.withLock { $0.append(diagnostic) } }
  func advance(seconds: UInt64) { now.add(seconds * 1000, ordering: .relaxed) }

  func worker(
    _ sink: (any Sink)?, options: DeliveryOptions? = nil, key: @escaping () throws -> SigningKey? = { Installation.node.key },
    keyMark: @escaping () -> [UInt8] = { [] }, stored: (any StoredLookup)? = nil
  ) throws -> DeliveryWorker {
    DeliveryWorker(
      store: store, registry: registry, judge: try Judge(store: store, registry: registry),
      options: options ?? DeliveryOptions(nodeKey: Self.node.pubkey),
      key: {
        self.keyReads.add(1, ordering: .relaxed)
        return try key()
      }, keyMark: keyMark, sink: sink, stored: stored, clock: { self.now.load(ordering: .relaxed) }, random: { 0 }, diagnostics: report)
  }

  /// Queues follow-ups by the node with these contents, and returns their ids.
  @discardableResult
  func enqueue(
    _ contents: [String], subject: String = "subject", author: TestKey = Installation.node, kind: UInt64 = 1985, createdAt: UInt64 = 1_700_000_000
  ) throws
    -> [EventID]
  {
    let events = try contents.map { content in
      let event = try UnsignedEvent(pubkey: author.pubkey, createdAt: createdAt, kind: kind, tags: [], content: content)
      return FollowUpEvent(name: .decisionLabel, subject: Array(subject.utf8), trigger: event.id, body: .unsigned(event))
    }
    try store.write { state in for event in events { try state.enqueue(.event(event), at: 1_700_000_000) } }
    return events.map(\.id)
  }

  /// Queues a follow-up whose row is of a layout that nobody knows, and returns its number.
  func enqueueSpoilt(_ content: String) throws -> UInt64 {
    let row = try row(try enqueue([content])[0])
    var bytes = row.encoded()
    bytes[0] = 9
    try store.write { try $0.put($0.tables.outbox, row.sequence, bytes) }
    return row.sequence
  }

  func row(_ id: EventID) throws -> OutboxRow {
    guard let row = try store.read({ try $0.outboxRow(id: id) }) else { throw Fault.invariant("no row \(id.short)") }
    return row
  }

  func counts() throws -> OutboxCounts { try store.read { try $0.outboxCounts() } }
}

/// The signed lines of events by the node with these contents.
func signedRows(_ contents: [String], kind: UInt64 = 1985, createdAt: UInt64 = 1_700_000_000, tags: [[String]] = []) -> [SignedRow] {
  contents.enumerated().map { index, content in
    let event = Installation.node.event(kind: kind, createdAt: createdAt, tags: tags, content: content)
    return SignedRow(sequence: UInt64(index), id: event.id, event: event.raw)
  }
}

/// A value that closures of other threads share.
final class Shared<Value: Sendable>: Sendable {
  private let value: Mutex<Value>

  init(_ value: Value) { self.value = Mutex(value) }

  func withLock<R: Sendable>(_ body: @Sendable (inout Value) -> R) -> R { value.withLock { body(&$0) } }
}
