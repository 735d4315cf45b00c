// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Crowdfunding
import Delivery
import Foundation
import Groups
import Judgement
import Nostr
import Policy
import StateStore
import Synchronization
import TestSupport

/// The one door to the program under test: the judge, the state, the outbox and the worker of one node, on a clock that the simulator sets.
///
/// Everything that the simulator asks of the program it asks here, and only here.
public final class Daemon {
  /// How an event reaches the plugin.
  public enum Arrival: Sendable {
    case client
    /// Another relay pushed it: for strfry a client with that relay's address.
    case pushed(isListed: Bool)
    case pulled, routed
  }

  /// What a campaign came to, as it holds here.
  public struct Decision: Hashable, Sendable, CustomStringConvertible {
    public let isApproved: Bool
    public let isDeleted: Bool

    public var description: String { "\(isApproved ? "approved" : "not approved"), \(isDeleted ? "deleted" : "kept")" }
  }

  /// Which of these events the relay has: what the worker asks as `delivery.confirm` (constellation spec, rule 6). nil: it cannot ask.
  let confirm: (([EventID]) -> Set<EventID>)?

  let store: StateStore
  private let registry: DomainRegistry
  /// The domains under the options of this node, with nothing remembered.
  let makeRegistry: () -> DomainRegistry
  let options: JudgeOptions
  private let groups: GroupsOptions
  private let judge: Judge
  private let worker: DeliveryWorker
  private let clock: Clock
  private let sink: ModelSink
  private let faultLog = FaultLog()
  /// Last, so that it goes after the state that lies in it.
  private let folder: Folder

  /// - Parameters:
  ///   - key: nil for a node that cannot sign.
  ///   - others: the keys of the constellation's other nodes.
  ///   - relay: where its worker delivers to.
  init(key: TestKey?, others: [TestKey], relay: StrfryModel, hasSnapshots: Bool = false, mutant: Mutant? = nil) throws {
    confirm = mutant == .noConfirm ? nil : { ids in Set(ids.filter(relay.has)) }
    let nodes = mutant == .strangers ? [] : Set(others.map(\.pubkey))
    let followUps = FollowUpOptions(nodeKey: key?.pubkey, nodes: nodes, snapshots: hasSnapshots)
    let crowdfunding = CrowdfundingOptions(
      assetsVoteThreshold: Amount(hundredths: 600), assetsVoteQuorum: 3, followUps: followUps)
    var collectives = CollectivesOptions(followUps: followUps)
    collectives.forkPolicy = mutant == .firstSeen ? .firstSeen : .nip01
    var groups = GroupsOptions()
    groups.followUps = followUps
    // Few, so that histories reach it.
    groups.maxLimitingProposals = 3
    self.groups = groups
    makeRegistry = { [crowdfunding, collectives, groups] in
      DomainRegistry([
        CrowdfundingValidator(options: crowdfunding), CollectivesValidator(options: collectives), GroupsValidator(options: groups),
      ])
    }
    registry = makeRegistry()
    var options = JudgeOptions(constellation: ConstellationOptions(followUps: followUps))
    if mutant == .smallParking { options.parking.events = 5 }
    self.options = options
    folder = Folder()
    store = try folder.state(registry)
    judge = try Judge(store: store, registry: registry, options: options)
    let clock = Clock()
    self.clock = clock
    sink = ModelSink(relay, node: key?.pubkey, mutant)
    let faultLog = faultLog
    let own = try Judge(store: store, registry: registry, options: options)
    worker = DeliveryWorker(
      store: store, registry: registry, judge: own,
      options: DeliveryOptions(nodeKey: key?.pubkey), key: { key?.key }, sink: sink,
      stored: confirm.map(Lookup.init), clock: { clock.milliseconds }, random: { 0 },
      diagnostics: { if $0.level == .error { faultLog.add("\($0.message)") } })
  }

  /// One line of the plugin's protocol. True: accept.
  func judge(_ message: Message, _ arrival: Arrival, at now: UInt64) -> Bool {
    let judgement = judge.judge(raw: message.event.raw, in: Circumstances(receivedAt: now, source: source(of: arrival)))
    if let fault = judgement.fault { faultLog.add("\(fault)") }
    return judgement.decision.isAccept
  }

  /// What the program takes a source for (constellation spec, rule 1).
  private func source(of arrival: Arrival) -> SourceType {
    switch arrival {
    case .client: .ip4
    case .pushed(let isListed): isListed ? .peer : .ip4
    case .pulled: .sync
    case .routed: .stream
    }
  }

  /// The worker's passes, until there is nothing left that is due.
  func tick(at now: UInt64) {
    clock.milliseconds = now * 1000
    for _ in 0..<50 {
      let pass = worker.runOnce()
      if pass.faults > 0 { faultLog.add("the worker had \(pass.faults) faults") }
      if !pass.didWork { return }
    }
    faultLog.add("the worker comes to no end")
  }

  /// One digest for each domain.
  func digests() throws -> [DomainDigest] { try DomainDigest.list(StateDigest.read(store, registry)) }

  /// What this node decides at a time, one digest for each domain, as `state digest` shows them.
  func outcomes(at time: UInt64) throws -> [DomainDigest] {
    try store.read { try DomainDigest.list(StateDigest.outcomes(at: time, reading: $0, registry)) }
  }

  /// What is shown of a campaign here.
  func words(of project: String) throws -> String {
    guard let id = ProjectID(project), let view = try store.read({ try CampaignView.read(id, reading: $0) }) else { return "unknown" }
    let version = view.record.head.map { "\($0.terms.status.name) by \($0.id.short)" } ?? "no version"
    return "\(view.status.name) (\(version)\(view.record.isDeleted ? ", deleted" : "")\(view.record.isDisputed ? ", disputed" : ""))"
  }

  /// Whether a decision of the campaign is disputed here.
  func disputed(_ project: String) throws -> Bool {
    guard let id = ProjectID(project) else { return false }
    return try store.read { try CampaignView.read(id, reading: $0)?.record.isDisputed ?? false }
  }

  /// What holds here of a campaign; nil where it is unknown.
  func decision(_ project: String) throws -> Decision? {
    guard let id = ProjectID(project) else { return nil }
    return try store.read { state in
      try CampaignView.read(id, reading: state).map { Decision(isApproved: $0.voteStatus == .approved, isDeleted: $0.record.head == nil) }
    }
  }

  /// The events that the digest of crowdfunding counts: versions in force, contributions, votes. Read from what it is fed.
  func counted() throws -> Set<EventID> {
    var ids: Set<EventID> = []
    try store.read { state in
      try registry.validator(of: .crowdfunding)?.digest(reading: state) { piece in
        guard let type = piece.first, (2...4).contains(type), piece.count >= 41 else { return }
        var reader = RecordReader(Array(piece[9..<41]), of: Self.digestPiece)
        if let id = try? reader.eventID() { ids.insert(id) }
      }
    }
    return ids
  }

  /// Only names what a fault would be about.
  private static let digestPiece = Table(.crowdfunding, 15, "digest")

  /// The end of a group's canonical line, and its time.
  func tip(of group: EventID, at now: UInt64) throws -> (id: EventID, createdAt: UInt64)? {
    try store.read { state in
      try GroupView.read(group, groups, now: now, reading: state).map { ($0.tip, $0.tipCreatedAt) }
    }
  }

  /// How many nodes the group's canonical line has.
  func length(of group: EventID) throws -> UInt32? {
    try store.read { try GroupView.read(group, groups, now: .max >> 1, reading: $0)?.length }
  }

  /// How many updates of a collective's creator are known here.
  func updates(of collective: EventID, by creator: PublicKey) throws -> Int {
    var count = 0
    try store.read { state in
      try CollectiveView.history(of: collective, creator, reading: state) { _, _ in
        count += 1
        return true
      }
    }
    return count
  }

  var judgesReports: Bool { registry.validator(of: .economy) != nil }
  func journalCount() throws -> Int { try store.read { try $0.journalCount() } }
  func parkedCount() throws -> Int { try store.read { try $0.parkedCount() } }

  /// The receipts that this node published, by the reaction that they are for.
  var receipts: [EventID: Set<EventID>] { sink.receipts }
  /// What the program could not do.
  var faults: [String] { faultLog.all }

  private struct Lookup: StoredLookup, @unchecked Sendable {
    let confirm: ([EventID]) -> Set<EventID>

    func stored(_ ids: [EventID]) -> (found: Set<EventID>, failure: String?) { (confirm(ids), nil) }
    func hasAny(of kinds: [UInt64]) -> Bool? { false }
  }

  /// Unix milliseconds.
  private final class Clock {
    var milliseconds: UInt64 = 0
  }

  private final class FaultLog: Sendable {
    private let lines = Mutex<[String]>([])
    func add(_ line: String) { lines.withLock { $0.append(line) } }
    var all: [String] { lines.withLock { $0 } }
  }

  /// A state's own folder, in memory where there is one; removed in the end.
  final class Folder {
    let path: String

    func state(_ registry: DomainRegistry) throws -> StateStore {
      try StateStore(StoreOptions(directory: path, tables: registry.tables, mapSizeMiB: 64, durability: .relaxed))
    }

    init() {
      let memory = "/dev/shm"
      let root = FileManager.default.isWritableFile(atPath: memory) ? memory : FileManager.default.temporaryDirectory.path
      path = root + "/constellation-\(UUID().uuidString)"
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
  }
}
