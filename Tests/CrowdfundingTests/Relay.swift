// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import Foundation
import Judgement
import Nostr
import Policy
import StateStore
import TestSupport
import Testing

/// A state in a temporary directory with crowdfunding's rules: events go in as strfry's request lines, the answer's text comes out.
final class Relay {
  enum Failure: Error { case notARequest }

  /// The answer to an accepted event.
  static let accept = "accept"
  static let node = TestKey("node")

  let store: StateStore
  let judge: Judge
  let registry: DomainRegistry
  /// Signs what this node publishes.
  let key: TestKey
  let options: CrowdfundingOptions
  /// Last, so that it goes after the store that lies in it.
  private let directory = TemporaryDirectory()

  init(_ options: CrowdfundingOptions = Relay.options(), key: TestKey = Relay.node) throws {
    self.options = options
    self.key = key
    registry = DomainRegistry([CrowdfundingValidator(options: options)])
    store = try StateStore(StoreOptions(directory: directory.path, tables: registry.tables, mapSizeMiB: 256, durability: .relaxed))
    judge = try Judge(store: store, registry: registry)
  }

  /// The default settings, with this node's key unless told.
  static func options(node: PublicKey? = Relay.node.pubkey, change: (inout CrowdfundingOptions) -> Void = { _ in }) -> CrowdfundingOptions {
    var options = CrowdfundingOptions(followUps: FollowUpOptions(nodeKey: node))
    change(&options)
    return options
  }

  /// Judges a request line, as the plugin does. `accept`, or the refusal's message.
  func send(line: [UInt8]) throws -> String {
    try line.withUnsafeBytes { bytes in
      guard case .request(let request) = RequestParse.parse(bytes) else { throw Failure.notARequest }
      let circumstances = Circumstances(receivedAt: request.receivedAt ?? 0, source: request.sourceType)
      return Self.text(judge.judge(request.event, in: circumstances).decision)
    }
  }

  /// From a client of this relay. Without `at`, received when it was made.
  @discardableResult
  func live(_ event: Event, at receivedAt: UInt64? = nil) throws -> String {
    try send(line: requestLine(event, receivedAt: receivedAt ?? event.createdAt))
  }

  /// From another relay, much later unless told.
  @discardableResult
  func sync(_ event: Event, at receivedAt: UInt64? = nil) throws -> String {
    try send(line: requestLine(event, receivedAt: receivedAt ?? event.createdAt + 1000, sourceType: "Sync", sourceInfo: "wss://relay.example"))
  }

  /// As `sync`, and then what that released is judged again, as the worker does.
  @discardableResult
  func settle(_ event: Event, at receivedAt: UInt64? = nil) throws -> String {
    let answer = try sync(event, at: receivedAt)
    try judge.judgeAllReleased()
    return answer
  }

  /// A kind 5 that takes votes back, and the label of the node that accepted it live.
  @discardableResult
  func syncLabelled(_ deletion: Event) throws -> String {
    let answer = try sync(deletion)
    #expect(try sync(Sample.label("vote-taken-back", about: deletion)) == Relay.accept)
    return answer
  }

  static func text(_ decision: Decision) -> String {
    switch decision {
    case .accept: accept
    case .reject(let rejection): rejection.message
    }
  }

  /// A campaign as it stands.
  func campaign(_ project: String = "CF-TEST-1") throws -> CampaignView? {
    guard let id = ProjectID(project) else { return nil }
    return try store.read { try CampaignView.read(id, reading: $0) }
  }

  /// Every campaign as it is kept.
  func records() throws -> [CampaignRecord] {
    var records: [CampaignRecord] = []
    try store.read { state in
      try CampaignView.all(reading: state) { record, _ in
        records.append(record)
        return true
      }
    }
    return records
  }

  /// What was collected for a goal, in hundredths of a Ẑ.
  func collected(_ goal: GoalType = .zenConvertible, _ project: String = "CF-TEST-1") throws -> UInt64? {
    try campaign(project)?.goals.first { $0.goal.type == goal }?.collected.hundredths
  }

  /// The same as all known events give it.
  func agreed(_ project: String = "CF-TEST-1") throws -> AgreedView? {
    guard let record = try campaign(project)?.record else { return nil }
    return try store.read { try AgreedView(record, options, reading: $0) }
  }

  /// What this node decides, as a digest.
  func outcomes() throws -> String { try store.read { try StateDigest.outcomes(at: 0, reading: $0, registry).all.hex } }

  func digest() throws -> String { try StateDigest.read(store, registry).all.hex }
  func journalCount() throws -> Int { try store.read { try $0.journalCount() } }
  func parkedCount() throws -> Int { try store.read { try $0.parkedCount() } }

  /// The accepted events, in order.
  func accepted() throws -> [Event] {
    var events: [Event] = []
    try store.read { state in
      try state.journal { row in
        if case .event(let raw, _, _, _) = row.content { events.append(try Event(parsing: raw)) }
        return true
      }
    }
    return events
  }

  /// The labels and receipts that this node publishes, signed.
  func published() throws -> [Event] {
    var events: [Event] = []
    try store.read { state in
      try state.outboxRows { row in
        if row.name == .decisionLabel || row.name == .contributionReceipt, case .unsigned(let form) = row.body, let event = UnsignedEvent(form: form)
        {
          events.append(try Event(parsing: event.signed(by: key.key)))
        }
        return true
      }
    }
    return events
  }

  /// The follow-ups of one name, in order, as events without signature.
  func followUps(_ name: FollowUpName) throws -> [JSONValue] {
    var found: [JSONValue] = []
    try store.read { state in
      try state.outboxRows { row in
        if row.name == name, case .unsigned(let form) = row.body, let event = UnsignedEvent(form: form),
          let value = JSONValue(parsing: Text(utf8: event.json[...]))
        {
          found.append(value)
        }
        return true
      }
    }
    return found
  }
}

/// A name in the system's temporary directory; what is made there is removed in the end.
final class TemporaryDirectory {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("commonsguard-\(UUID().uuidString)").path

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
