// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import Policy
import TestSupport
import Testing

@testable import Groups

/// A seeded history over nested groups, judged by the validator and by the reference model, event by event.
final class GeneratedHistory {
  let world: World
  let model = ReferenceModel()
  private var random: SplitMix64
  private var now = t(100)
  private var groups: [EventID] = []
  private var proposals: [EventID] = []
  /// What each accepted event's decision read: it has to come first in every other order.
  private(set) var reads: [EventID: Set<EventID>] = [:]

  private static let names = ["A", "B", "C", "D", "E", "F", "G"]

  /// The blocks that hold attested nodes, one for each.
  private let headers = HeadersFile()
  private var blocks: UInt8 = 0
  /// The labels of each event that were accepted.
  private var labels: [EventID: Set<EventID>] = [:]

  init(seed: UInt64) throws {
    let path = headers.path
    let hasNodes = seed % 3 != 0
    world = try World { options in
      options.headersFile = path
      options.followUps.nodeKey = World.key("N0").pubkey
      if hasNodes { options.followUps.nodes = [World.key("N1").pubkey, World.key("N2").pubkey] }
    }
    model.hasNodes = hasNodes
    random = SplitMix64(seed: seed)
  }

  private func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
  private func name() -> String { Self.names.randomElement(using: &random) ?? "A" }

  /// Mostly one of them.
  private func administrator(of group: EventID) -> String {
    let keys = model.flat(model.electorate(now, ReferenceModel.Scope(group: group, line: model.canonical(group))))
    guard chance(75), let key = keys.randomElement(using: &random) else { return name() }
    return Self.names.first { World.key($0).pubkey == key } ?? name()
  }

  /// Runs one event through both. Returns what they said.
  func step() throws -> (was: String, expected: String, what: String) {
    let hours: [UInt64] = [0, 0, 0, 1, 1, 5, 12, 24, 48, 72]
    now += (hours.randomElement(using: &random) ?? 1) * hour + UInt64.random(in: 1...30, using: &random)
    switch groups.count < 2 ? 0 : Int.random(in: 0..<100, using: &random) {
    case ..<8: return try opening()
    case ..<30: return try proposal()
    case ..<60: return try vote()
    case ..<64: return try attestation()
    case ..<74: return try label()
    default: return try modification()
    }
  }

  /// Live and at once, mostly; else from sync, or too late, or by a clock that is ahead.
  private func arrival() -> (created: UInt64, received: UInt64, source: String) {
    if chance(72) { return (now, now, "IP4") }
    if chance(15) { return (now + UInt64.random(in: 1...900, using: &random), now, chance(50) ? "IP4" : "Sync") }
    // Written some time ago: older than what came meanwhile, perhaps.
    if chance(25) { return (now - UInt64.random(in: 1...7000, using: &random), now, "IP4") }
    return (now, now + UInt64.random(in: 0...9000, using: &random), chance(50) ? "IP4" : "Sync")
  }

  /// As `arrival`, or days late: votes and proposals that a peer kept to itself.
  private func lateArrival() -> (created: UInt64, received: UInt64, source: String) {
    if !chance(6) { return arrival() }
    return (now - UInt64.random(in: 1...(12 * day), using: &random), now, "Sync")
  }

  /// A node says, soon or too late, that it accepted an event live; mostly of one that came from sync.
  private func label() throws -> (String, String, String) {
    let rows = world.accepted.suffix(40)
    guard let row = (chance(80) ? rows.filter { $0.source != "IP4" } : Array(rows)).randomElement(using: &random),
      let event = try? Event(parsing: row.json), event.kind != NodeLabel.kind
    else { return ("", "", "") }
    return try label(event.id, event.createdAt)
  }

  private func label(_ id: EventID, _ created: UInt64) throws -> (String, String, String) {
    let author = (model.hasNodes ? ["N0", "N1", "N2"] : ["N0"]).randomElement(using: &random) ?? "N0"
    let time = min(now, created + UInt64.random(in: 0...(chance(80) ? hour : 6 * day), using: &random))
    let sent = world.label(id, by: author, at: time, received: now)
    if sent.isAccepted { labels[id, default: []].insert(sent.id) }
    return try judge(sent, reading: [], "label") { model.labels[id] = min(model.labels[id] ?? .max, time) }
  }

  /// A block that holds a node, found at some time since: an earlier one may turn a fork.
  private func attestation() throws -> (String, String, String) {
    let forks = Set(model.nodes.values.compactMap(\.parent)).filter { parent in model.nodes.values.count { $0.parent == parent } > 1 }
    let nodes = model.nodes.values.filter { $0.block == nil && ($0.parent.map { forks.contains($0) } ?? false) }.sorted { $0.id < $1.id }
    guard blocks < 120, let node = nodes.randomElement(using: &random) else { return ("", "", "") }
    let time = node.created + UInt64.random(in: 0...(3 * day), using: &random)
    try headers.append(node.id.value, time: time)
    let sent = world.attest(node.id, by: name(), in: node.group, at: max(now, node.created), proof: shortProof(of: node.id, height: blocks))
    blocks += 1
    return try judge(sent, reading: [node.group, node.id], "attestation") { model.nodes[node.id]?.block = time }
  }

  private func entryText(_ entry: ReferenceModel.Entry) -> String {
    switch entry {
    case .account(let key): "\"\(key.hex)\""
    case .group(let id, let isBlock): isBlock ? "[\"\(id.hex)\",\"groupvote\"]" : "[\"\(id.hex)\"]"
    }
  }

  private func text(_ change: ReferenceModel.Change, key: String) -> String {
    var parts: [String] = []
    if key == "members" || !change.add.isEmpty { parts.append("\"\(key)\":[\(change.add.map(entryText).joined(separator: ","))]") }
    if !change.remove.isEmpty { parts.append("\"remove\":[\(change.remove.map(String.init).joined(separator: ","))]") }
    if let admin = change.admin { parts.append("\"admin\":\(admin.map { "\"\($0.hex)\"" } ?? "null")") }
    if !change.meta.isEmpty {
      let items = change.meta.sorted { $0.key < $1.key }.map { "\"\($0.key)\":\($0.value.map { "\"\($0)\"" } ?? "null")" }
      parts.append("\"meta\":{\(items.joined(separator: ","))}")
    }
    return "{\(parts.joined(separator: ","))}"
  }

  private func entry(nested percent: Int) -> ReferenceModel.Entry {
    if chance(percent), let group = groups.randomElement(using: &random) { return .group(group, chance(50)) }
    return .account(World.key(name()).pubkey)
  }

  private func judge(_ sent: Sent, reading: Set<EventID>, _ what: String, _ model: () throws -> Void) throws -> (String, String, String) {
    var expected = ""
    do { try model() } catch let refused as ReferenceModel.Refused { expected = refused.words }
    if sent.isAccepted { reads[sent.id] = reading }
    return (sent.message, expected, what)
  }

  private func opening() throws -> (String, String, String) {
    var change = ReferenceModel.Change()
    var seen: Set<EventID> = []
    for _ in 0..<Int.random(in: 1...5, using: &random) {
      let entry = entry(nested: 20)
      if case .group(let id, _) = entry, !seen.insert(id).inserted { continue }
      change.add.append(entry)
    }
    if chance(25), let admin = groups.randomElement(using: &random) { change.admin = admin }
    let author = name()
    let (created, received, source) = arrival()
    let sent = world.send(
      world.options.kinds.initGroup, by: author, at: created, tags: [], content: text(change, key: "members"), received: received, source: source)
    if sent.isAccepted { groups.append(sent.id) }
    return try judge(sent, reading: Set(model.references(change)), "init") {
      try model.initGroup(sent.id, by: World.key(author).pubkey, created: created, received: received, live: source == "IP4", change)
    }
  }

  private func parent(of group: EventID) -> EventID {
    let all = model.nodes.values.filter { $0.group == group }.map(\.id).sorted()
    let tip = model.tip(group) ?? group
    // Beside the newest one, too.
    if chance(8) { return model.nodes[tip]?.parent ?? tip }
    return chance(85) ? tip : all.randomElement(using: &random) ?? group
  }

  private func change(_ parent: EventID, removes percent: Int, admin: Bool) -> ReferenceModel.Change {
    var change = ReferenceModel.Change()
    let count = model.nodes[parent]?.state.members.count ?? 0
    if chance(percent) {
      change.remove = Array(Set((0..<Int.random(in: 1...2, using: &random)).map { _ in Int.random(in: 0...count, using: &random) })).sorted()
    }
    if chance(50) { change.add.append(entry(nested: 15)) }
    if admin, chance(15) { change.admin = .some(chance(30) ? nil : groups.randomElement(using: &random)) }
    if chance(15) { change.meta["k"] = .some(chance(20) ? nil : "\(now)") }
    return change
  }

  private func proposal() throws -> (String, String, String) {
    guard let group = groups.randomElement(using: &random) else { return ("", "", "") }
    let parent = parent(of: group)
    let change = change(parent, removes: 70, admin: true)
    guard !change.isEmpty else { return ("", "", "") }
    let author = name()
    let (created, received, source) = lateArrival()
    let sent = world.propose(text(change, key: "add"), by: author, in: group, parent: parent, at: created, received: received, source: source)
    if sent.isAccepted { proposals.append(sent.id) }
    let reading = Set([group, parent] + model.references(change)).union(model.readOf(group, through: parent, referring: model.references(change)))
    return try judge(sent, reading: reading, "proposal") {
      try model.propose(
        ReferenceModel.Proposal(
          id: sent.id, group: group, parent: parent, author: World.key(author).pubkey, created: created, received: received, live: source == "IP4",
          change: change))
    }
  }

  private func vote() throws -> (String, String, String) {
    guard let id = proposals.suffix(4).randomElement(using: &random), let proposal = model.proposals[id] else { return ("", "", "") }
    let author = administrator(of: proposal.group)
    let value = chance(70)
    let (created, received, source) = lateArrival()
    let sent = world.vote("\(value)", by: author, on: id, in: proposal.group, at: created, received: received, source: source)
    let reading = Set([proposal.group, id]).union(model.readOf(proposal.group, through: proposal.parent))
    return try judge(sent, reading: reading, "vote") {
      try model.vote(
        ReferenceModel.Vote(
          id: sent.id, proposal: id, author: World.key(author).pubkey, created: created, received: received, live: source == "IP4", value: value),
        in: proposal.group)
    }
  }

  private func modification() throws -> (String, String, String) {
    var group = groups.randomElement(using: &random) ?? EventID(.zero)
    var listed: [(proposal: EventID, votes: [EventID])] = []
    if chance(65), let id = proposals.suffix(6).randomElement(using: &random), let proposal = model.proposals[id] {
      group = proposal.group
      listed.append((id, model.votes.filter { $0.proposal == id }.map(\.id)))
      let others = proposals.suffix(6).filter { $0 != id && model.proposals[$0]?.group == group }
      if chance(15), let other = others.randomElement(using: &random) { listed.append((other, [])) }
    }
    let parent = parent(of: group)
    let change = listed.isEmpty || chance(20) ? change(parent, removes: 25, admin: false) : ReferenceModel.Change()
    let author = administrator(of: group)
    let (created, received, source) = chance(15) ? lateArrival() : arrival()
    let json = world.modification(
      text(change, key: "add"), by: author, in: group, parent: parent, at: created, listed.map { ($0.proposal, $0.votes) })
    // Some labels come before what they name.
    if source != "IP4", chance(40), let event = try? Event(parsing: json) { _ = try label(event.id, created) }
    let sent = world.send(json, received: received, source: source)
    // The votes that were counted, named or not.
    let counted = model.votes.filter { vote in listed.contains { $0.proposal == vote.proposal } }.map(\.id)
    let references = model.references(change) + listed.flatMap { model.proposals[$0.proposal].map { model.references($0.change) } ?? [] }
    let reading = Set([group, parent] + listed.map(\.proposal) + counted + references).union(model.readOf(group, referring: references))
      .union(labels[sent.id] ?? [])
    return try judge(sent, reading: reading, "modification") {
      try model.modify(
        ReferenceModel.Modification(
          id: sent.id, group: group, parent: parent, author: World.key(author).pubkey, created: created, received: received, live: source == "IP4",
          listed: listed, change: change))
    }
  }

  /// The groups whose tip at this relay is not the model's; and whether any is another than the canonical one.
  func wrongTips() throws -> (wrong: [EventID], hasContested: Bool) {
    let time = now + UInt64.random(in: 0...(chance(70) ? 1 : 12 * day), using: &random)
    model.clock = time
    defer { model.clock = nil }
    var wrong: [EventID] = []
    var hasContested = false
    for group in groups {
      let tip = try world.store.read { try $0.group(group, followedAt: time)?.tip }
      if tip != model.tip(group) { wrong.append(group) }
      if tip != world.tip(group) { hasContested = true }
    }
    return (wrong, hasContested)
  }

  /// The tips of all groups, as text.
  func tips(_ other: World) -> [String] { groups.map { other.tip($0).hex } }

  /// Another order of what was accepted, each event after those that its decision read.
  func otherOrder() -> [(json: [UInt8], id: EventID, receivedAt: UInt64, source: String)] {
    var waiting = world.accepted
    var done: Set<EventID> = []
    var order: [(json: [UInt8], id: EventID, receivedAt: UInt64, source: String)] = []
    while !waiting.isEmpty {
      let ready = waiting.indices.filter { (reads[waiting[$0].id] ?? []).isSubset(of: done) }
      guard let index = ready.randomElement(using: &random) else { break }
      let event = waiting.remove(at: index)
      done.insert(event.id)
      order.append(event)
    }
    return order
  }
}
