// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Foundation
import Judgement
import Nostr
import Policy
import StateStore
import TestSupport
import Testing

@testable import Groups

let T: UInt64 = 1_700_000_000
let day: UInt64 = 86_400
let hour: UInt64 = 3_600
func t(_ days: UInt64) -> UInt64 { T + days * day }

/// An event that was sent, and what was answered.
struct Sent: CustomStringConvertible {
  let id: EventID
  let judgement: Judgement
  let json: [UInt8]

  var isAccepted: Bool { judgement.decision == .accept }
  var description: String { isAccepted ? "accepted \(id.short)" : message }
  /// Empty when it was accepted.
  var message: String {
    if case .reject(let rejection) = judgement.decision { rejection.message } else { "" }
  }
}

/// A relay for tests: a state of its own, fed with request lines as strfry sends them.
final class World {
  let store: StateStore
  let options: GroupsOptions
  let judge: Judge
  let validator: GroupsValidator
  /// Everything accepted, in order: JSON, receivedAt, source.
  var accepted: [(json: [UInt8], id: EventID, receivedAt: UInt64, source: String)] = []
  nonisolated(unsafe) static var keys: [String: TestKey] = [:]
  private static let lock = NSLock()

  /// Removed when the store is closed: fields go in their order, so it stands last.
  private let folder: Folder

  private final class Folder {
    let path = FileManager.default.temporaryDirectory.appendingPathComponent("groups-\(UUID().uuidString)").path
    deinit { try? FileManager.default.removeItem(atPath: path) }
  }

  init(_ change: (inout GroupsOptions) -> Void = { _ in }) throws {
    folder = Folder()
    var options = GroupsOptions()
    change(&options)
    self.options = options
    validator = GroupsValidator(options: options)
    store = try StateStore(StoreOptions(directory: folder.path, tables: GroupsState.tables, mapSizeMiB: 256, durability: .relaxed))
    judge = try Judge(store: store, registry: DomainRegistry([validator]))
  }

  static func key(_ name: String) -> TestKey {
    lock.withLock {
      if let key = keys[name] { return key }
      let key = TestKey(name)
      keys[name] = key
      return key
    }
  }

  static func hex(_ name: String) -> String { key(name).hex }

  /// Sends an event through the whole path: request line, parser, judge.
  @discardableResult
  func send(_ json: [UInt8], received: UInt64, source: String = "IP4", isRejudged: Bool = false, isBare: Bool = false) -> Sent {
    let judgement = send(line: requestLine(json: json, receivedAt: received, sourceType: source), isRejudged: isRejudged, isBare: isBare)
    let id = (try? Event(parsing: json))?.id ?? EventID(.zero)
    let sent = Sent(id: id, judgement: judgement, json: json)
    if sent.isAccepted { accepted.append((json, id, received, source)) }
    return sent
  }

  /// A line as strfry writes it.
  func send(line: [UInt8], isRejudged: Bool = false, isBare: Bool = false) -> Judgement {
    line.withUnsafeBytes { bytes in
      guard case .request(let request) = RequestParse.parse(bytes) else { return .refused(.error("not a request")) }
      return judge.judge(
        request.event,
        in: Circumstances(receivedAt: request.receivedAt ?? 0, source: request.sourceType, isRejudged: isRejudged, isBare: isBare))
    }
  }

  @discardableResult
  func send(
    _ kind: UInt64, by author: String, at time: UInt64, tags: [[String]], content: String, received: UInt64? = nil, source: String = "IP4"
  ) -> Sent {
    send(Self.key(author).json(kind: kind, createdAt: time, tags: tags, content: content), received: received ?? time, source: source)
  }

  /// What `rebuild` makes of what was accepted here: of the journal, each row with its receivedAt and source; or of the events alone.
  func rebuilt(bare: Bool = false) throws -> World {
    let options = self.options
    let other = try World { $0 = options }
    for row in accepted { other.judgeAgain(row.json, received: row.receivedAt, source: row.source, bare: bare) }
    return other
  }

  /// Judges one line of a journal again, or, without a receivedAt and a source, a bare event.
  @discardableResult
  func judgeAgain(_ json: [UInt8], received: UInt64, source: String = "IP4", bare: Bool) -> Sent {
    guard bare, let event = try? Event(parsing: json) else { return send(json, received: received, source: source, isRejudged: true) }
    return send(json, received: event.createdAt, source: "Import", isRejudged: true, isBare: true)
  }

  // MARK: The five events

  /// - Parameter members: names, or ready JSON entries that begin with `[`.
  static func initContent(_ members: [String], admin: EventID? = nil, attesters: [String]? = nil, meta: String? = nil) -> String {
    let list = members.map { $0.hasPrefix("[") ? $0 : "\"\(hex($0))\"" }.joined(separator: ",")
    var text = "{\"members\":[\(list)]"
    if let admin { text += ",\"admin\":\"\(admin.hex)\"" }
    if let attesters { text += ",\"broadcast-attesters\":[\(attesters.map { "\"\(hex($0))\"" }.joined(separator: ","))]" }
    if let meta { text += ",\"meta\":\(meta)" }
    return text + "}"
  }

  @discardableResult
  func initGroup(
    _ members: [String], by author: String = "A", admin: EventID? = nil, attesters: [String]? = nil, meta: String? = nil, at time: UInt64 = T,
    received: UInt64? = nil, source: String = "IP4"
  ) -> Sent {
    send(
      options.kinds.initGroup, by: author, at: time, tags: [],
      content: Self.initContent(members, admin: admin, attesters: attesters, meta: meta), received: received, source: source)
  }

  @discardableResult
  func propose(
    _ content: String, by author: String, in group: EventID, parent: EventID? = nil, at time: UInt64, received: UInt64? = nil, source: String = "IP4"
  ) -> Sent {
    send(
      options.kinds.proposal, by: author, at: time, tags: [["group", group.hex], ["parent", (parent ?? tip(group)).hex]], content: content,
      received: received, source: source)
  }

  @discardableResult
  func vote(
    _ value: String, by author: String, on proposal: EventID, in group: EventID, at time: UInt64, received: UInt64? = nil, source: String = "IP4"
  ) -> Sent {
    send(
      options.kinds.vote, by: author, at: time, tags: [["group", group.hex], ["proposal", proposal.hex]], content: value, received: received,
      source: source)
  }

  @discardableResult
  func modify(
    _ content: String = "", by author: String, in group: EventID, parent: EventID? = nil, at time: UInt64, _ proposals: [(EventID, [EventID])] = [],
    received: UInt64? = nil, source: String = "IP4"
  ) -> Sent {
    let json = modification(content, by: author, in: group, parent: parent, at: time, proposals)
    return send(json, received: received ?? time, source: source)
  }

  func modification(
    _ content: String = "", by author: String, in group: EventID, parent: EventID? = nil, at time: UInt64, _ proposals: [(EventID, [EventID])] = []
  ) -> [UInt8] {
    var tags = [["group", group.hex], ["parent", (parent ?? tip(group)).hex]]
    for (proposal, votes) in proposals { tags += [["proposal", proposal.hex]] + votes.map { ["vote", $0.hex] } }
    return Self.key(author).json(kind: options.kinds.modification, createdAt: time, tags: tags, content: content)
  }

  /// A node's label `group-accepted`.
  @discardableResult
  func label(_ target: EventID, by node: String, at time: UInt64, received: UInt64? = nil, source: String = "Sync") -> Sent {
    let tags = [["L", "commonsguard"], ["l", "group-accepted", "commonsguard"], ["e", target.hex]]
    return send(NodeLabel.kind, by: node, at: time, tags: tags, content: "", received: received, source: source)
  }

  @discardableResult
  func delete(
    _ targets: [EventID], by author: String, kinds: [UInt64] = [], at time: UInt64, received: UInt64? = nil, source: String = "IP4"
  ) -> Sent {
    send(
      5, by: author, at: time, tags: targets.map { ["e", $0.hex] } + kinds.map { ["k", "\($0)"] }, content: "", received: received, source: source)
  }

  @discardableResult
  func attest(
    _ target: EventID, by author: String, in group: EventID, at time: UInt64, proof: [UInt8]? = nil, content: String = "", received: UInt64? = nil,
    source: String = "IP4"
  ) -> Sent {
    var tags = [["group", group.hex], ["e", target.hex]]
    if let proof { tags.append(["attested-ots", Data(proof).base64EncodedString()]) }
    return send(options.kinds.attest, by: author, at: time, tags: tags, content: content, received: received, source: source)
  }

  // MARK: Asking

  /// Of a group that is unknown here, its id.
  func tip(_ group: EventID) -> EventID {
    do {
      return try store.read { try $0.group(group)?.tip } ?? group
    } catch {
      Issue.record(error)
      return group
    }
  }

  /// This relay's own tip at a time.
  func tip(_ group: EventID, at time: UInt64) throws -> EventID {
    guard let tip = try store.read({ try $0.group(group, followedAt: time)?.tip }) else { throw Missing() }
    return tip
  }

  func view(_ group: EventID, now: UInt64 = t(1000)) throws -> GroupView {
    guard let view = try store.read({ try GroupView.read(group, options, now: now, reading: $0) }) else { throw Missing() }
    return view
  }

  struct Missing: Error {}

  func members(_ group: EventID) throws -> [String] {
    try view(group).members.map { member in
      switch member {
      case .account(let key): Self.keys.first { $0.value.pubkey == key }?.key ?? key.short
      case .group(let id, let isBlock): isBlock ? "[\(id.short)!]" : "[\(id.short)]"
      }
    }
  }

  func was(
    _ name: String, in group: EventID, at time: UInt64, _ mode: HistoricalQuery.Mode = .claimed, now: UInt64 = t(1000)
  ) throws -> HistoricalQuery.Answer {
    guard
      let answer = try store.read({
        try HistoricalQuery(options).answer(Self.key(name).pubkey, in: group, at: time, mode, now: now, reading: $0)
      })
    else { throw Missing() }
    return answer
  }

  func administrators(_ group: EventID, at time: UInt64) throws -> Set<String> {
    let keys = try store.read { state -> Set<PublicKey> in
      guard let record = try state.group(group) else { return [] }
      return try Roles(Branch(canonical: record), options, validator.cache).electorate(of: group, at: time, reading: state).accounts
    }
    return Set(keys.map { key in Self.keys.first { $0.value.pubkey == key }?.key ?? key.short })
  }

  func digest() throws -> Bytes32 { try StateDigest.read(store, judge.registry).all }

  /// What would be published, oldest first.
  func outbox() throws -> [OutboxRow] {
    var rows: [OutboxRow] = []
    try store.read { state in
      try state.outboxRows { row in
        rows.append(row)
        return true
      }
    }
    return rows
  }

  /// Does what the worker does on its pass.
  func upkeep() throws {
    while try store.write({ state in
      guard let effects = try validator.upkeep(reading: state) else { return false }
      try state.apply(effects.changes)
      return true
    }) {}
  }
}

/// The five administrators' group of the scenarios, and its smaller ones.
extension World {
  @discardableResult
  func group(_ count: Int, at time: UInt64 = T, attesters: [String]? = nil) -> EventID {
    initGroup(Array(["A", "B", "C", "D", "E"][..<count]), attesters: attesters, at: time).id
  }

  static func remove(_ positions: Int...) -> String { "{\"remove\":[\(positions.map(String.init).joined(separator: ","))]}" }
  static func add(_ names: String...) -> String { "{\"add\":[\(names.map { $0.hasPrefix("[") ? $0 : "\"\(hex($0))\"" }.joined(separator: ","))]}" }
}

/// A proof that the block at a height holds the digest as its merkle root: no operation at all.
func shortProof(of target: EventID, height: UInt8) -> [UInt8] {
  OpenTimestamps.magic + [1, 0x08] + target.bytes + [0x00, 0x05, 0x88, 0x96, 0x0d, 0x73, 0xd7, 0x19, 0x01, 1, height]
}

/// A file of headers, each with its merkle root and time.
final class HeadersFile {
  let path = FileManager.default.temporaryDirectory.appendingPathComponent("headers-\(UUID().uuidString)").path

  init() { _ = FileManager.default.createFile(atPath: path, contents: Data()) }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func append(_ root: Bytes32, time: UInt64) throws {
    var header = [UInt8](repeating: 0, count: 36) + root.bytes
    for shift in stride(from: UInt64(0), to: 32, by: 8) { header.append(UInt8(truncatingIfNeeded: time >> shift)) }
    header += [UInt8](repeating: 0, count: 8)
    guard let file = FileHandle(forWritingAtPath: path) else { return }
    try file.seekToEnd()
    try file.write(contentsOf: Data(header))
    try file.close()
  }
}
