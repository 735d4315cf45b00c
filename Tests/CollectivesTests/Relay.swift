// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Foundation
import Judgement
import Nostr
import Policy
import StateStore
import TestSupport

/// A state in a temporary directory with the collectives' rules: events go in as strfry's request lines, the answer's text comes out.
final class Relay {
  enum Failure: Error { case notARequest }

  /// The answer to an accepted event.
  static let accept = "accept"
  static let node = TestKey("node")

  let store: StateStore
  let judge: Judge
  let registry: DomainRegistry
  let options: CollectivesOptions
  private let directory: URL

  init(_ change: (inout CollectivesOptions) -> Void = { _ in }) throws {
    var options = CollectivesOptions(followUps: FollowUpOptions(nodeKey: Relay.node.pubkey))
    change(&options)
    self.options = options
    directory = FileManager.default.temporaryDirectory.appendingPathComponent("commonsguard-\(UUID().uuidString)")
    registry = DomainRegistry([CollectivesValidator(options: options)])
    store = try StateStore(StoreOptions(directory: directory.path, tables: registry.tables, mapSizeMiB: 1024, durability: .relaxed))
    judge = try Judge(store: store, registry: registry)
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  /// Judges a request line, as the plugin does.
  func judge(line: [UInt8]) throws -> Judgement {
    try line.withUnsafeBytes { bytes in
      guard case .request(let request) = RequestParse.parse(bytes) else { throw Failure.notARequest }
      return judge.judge(request.event, in: Circumstances(receivedAt: request.receivedAt ?? 0, source: request.sourceType))
    }
  }

  /// `accept`, or the refusal's message.
  func send(line: [UInt8]) throws -> String {
    switch try judge(line: line).decision {
    case .accept: Self.accept
    case .reject(let rejection): rejection.message
    }
  }

  /// From a client of this relay, received when it was made.
  @discardableResult
  func live(_ event: Event, at receivedAt: UInt64? = nil) throws -> String {
    try send(line: requestLine(event, receivedAt: receivedAt ?? event.createdAt))
  }

  /// From another relay, much later.
  @discardableResult
  func sync(_ event: Event, sourceType: String = "Sync", at receivedAt: UInt64? = nil) throws -> String {
    try send(line: requestLine(event, receivedAt: receivedAt ?? event.createdAt + 1000, sourceType: sourceType, sourceInfo: "wss://relay.example"))
  }

  /// From a journal: it was accepted once.
  func rejudge(_ event: Event) throws -> String {
    let circumstances = Circumstances(receivedAt: event.createdAt, source: .ip4, isRejudged: true)
    switch judge.judge(raw: event.raw, in: circumstances).decision {
    case .accept: return Self.accept
    case .reject(let rejection): return rejection.message
    }
  }

  /// As `sync`, and then what that released is judged again, as the worker does.
  @discardableResult
  func settle(_ event: Event, at receivedAt: UInt64? = nil) throws -> String {
    let answer = try sync(event, at: receivedAt)
    try judge.judgeAllReleased()
    return answer
  }

  /// An event that passed the checks before the state, to be decided as often as one likes.
  func prepare(_ event: Event) throws -> any PreparedEvent {
    try CollectivesValidator(options: options).prepare(
      try EventVerifier(cachedKeys: 16).verify(event), in: Circumstances(receivedAt: event.createdAt, source: .sync), trace: nil)
  }

  /// Decides prepared events one after the other, each on what those before it left, in one transaction and without a journal.
  func decide(_ events: [(event: any PreparedEvent, receivedAt: UInt64)], from source: SourceType) throws -> [String] {
    try store.write { state in
      var answers: [String] = []
      for (event, receivedAt) in events {
        switch try event.decide(in: Circumstances(receivedAt: receivedAt, source: source), reading: state, trace: nil) {
        case .accepted(let effects):
          try state.apply(effects.changes)
          answers.append(Self.accept)
        case .unchanged, .kept: answers.append(Self.accept)
        case .rejected(let rejection), .rejectedLeaving(let rejection, _), .parked(let rejection, _): answers.append(rejection.message)
        }
      }
      return answers
    }
  }

  /// The creator's chain, or a member's.
  func view(_ ignition: Event, of key: TestKey? = nil) throws -> CollectiveView? {
    try store.read { try CollectiveView.read(ignition.id, of: key?.pubkey, reading: $0) }
  }

  func equivocations(_ ignition: Event) throws -> [EquivocationRecord] {
    try store.read { try CollectiveView.equivocations(of: ignition.id, reading: $0) }
  }

  func digest() throws -> String { try StateDigest.read(store, registry).all.hex }
  func journalCount() throws -> Int { try store.read { try $0.journalCount() } }
  func parkedCount() throws -> Int { try store.read { try $0.parkedCount() } }

  /// The follow-ups of one name, oldest first.
  func followUps(_ name: FollowUpName) throws -> [OutboxRow] {
    try store.read { state in
      var rows: [OutboxRow] = []
      try state.outboxRows { row in
        if row.name == name { rows.append(row) }
        return true
      }
      return rows
    }
  }
}
