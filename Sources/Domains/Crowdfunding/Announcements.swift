// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// What the nodes of the constellation announced of one campaign: decisions that live events brought about at their relays, and their operators'
/// resolutions. Source: constellation spec, rule 4.
struct Announcements: Equatable {
  /// Whose live votes were approved.
  var approvedBy: Set<PublicKey> = []
  /// Who took a contribution live, as a receipt says.
  var keptBy: Set<PublicKey> = []
  /// Who took votes live, as labels say, and how many: they keep the campaign as long as one of them is not taken back.
  var recorded: [PublicKey: UInt64] = [:]
  var resolutions: [Resolution.Question: [PublicKey: Resolution]] = [:]

  /// One row: who announced what. The raw value is stored: never renumber.
  enum Kind: UInt8 {
    case approved = 1
    case kept = 2
    case recorded = 3
    case vote = 4
    case deletion = 5
  }

  /// - Parameter isNode: rows of nodes that are configured no more say nothing.
  static func read(
    _ project: ProjectID, by isNode: (PublicKey) -> Bool, _ state: borrowing some StateReader & ~Copyable
  ) throws -> Announcements {
    let table = CrowdfundingState.announcements
    let prefix = project.keyPrefix
    var found = Announcements()
    try state.scan(table, prefix: prefix) { key, value in
      var reader = RecordReader(key, of: table)
      _ = try reader.fixed(prefix.count)
      guard let kind = Kind(rawValue: try reader.uint8()) else { throw Fault.corrupt(table, "unknown announcement") }
      let node = try reader.publicKey()
      guard isNode(node) else { return true }
      switch kind {
      case .approved: found.approvedBy.insert(node)
      case .kept: found.keptBy.insert(node)
      case .recorded: found.recorded[node] = try recordedCount(decoding: value)
      case .vote, .deletion:
        let resolution = try AnnouncedResolution(decoding: value).resolution
        found.resolutions[resolution.question, default: [:]][node] = resolution
      }
      return true
    }
    return found
  }

  // project · kind 1 · node 32
  static func key(_ project: ProjectID, _ kind: Kind, _ node: PublicKey) -> [UInt8] {
    var writer = RecordWriter(capacity: 104)
    writer.put(fixed: project.keyPrefix)
    writer.put(kind.rawValue)
    writer.put(node)
    return writer.bytes
  }

  /// How many votes a node says that it took live.
  static func recordedCount(_ project: ProjectID, by node: PublicKey, _ state: borrowing some StateReader & ~Copyable) throws -> UInt64 {
    try state.value(CrowdfundingState.announcements, key(project, .recorded, node)).map { try recordedCount(decoding: $0) } ?? 0
  }

  private static func recordedCount(decoding value: [UInt8]) throws -> UInt64 {
    var reader = RecordReader(value, of: CrowdfundingState.announcements)
    return try reader.uint64()
  }

  static func change(_ project: ProjectID, recorded count: UInt64, by node: PublicKey) -> StateChange {
    var writer = RecordWriter(capacity: 8)
    writer.put(count)
    return .put(CrowdfundingState.announcements, key: key(project, .recorded, node), value: writer.bytes)
  }

  /// The row of an announcement that is made once and stays.
  static func change(_ project: ProjectID, _ kind: Kind, _ node: PublicKey) -> StateChange {
    .put(CrowdfundingState.announcements, key: key(project, kind, node), value: [1])
  }
}

/// A resolution that a node announced. Of several of one node about one question the newest counts.
struct AnnouncedResolution {
  let position: FoldPosition
  let resolution: Resolution

  // created_at 8 · id 32 · resolution 1
  func change(_ project: ProjectID, _ node: PublicKey) -> StateChange {
    var writer = RecordWriter(capacity: 48)
    writer.put(position)
    writer.put(resolution.code)
    return .put(CrowdfundingState.announcements, key: Self.key(project, resolution, node), value: writer.bytes)
  }

  private static func key(_ project: ProjectID, _ resolution: Resolution, _ node: PublicKey) -> [UInt8] {
    Announcements.key(project, resolution.question == .vote ? .vote : .deletion, node)
  }

  init(_ position: FoldPosition, _ resolution: Resolution) {
    self.position = position
    self.resolution = resolution
  }

  init(decoding bytes: [UInt8]) throws {
    var reader = RecordReader(bytes, of: CrowdfundingState.announcements)
    position = try reader.foldPosition()
    guard let resolution = Resolution(code: try reader.uint8()) else { throw Fault.corrupt(CrowdfundingState.announcements, "unknown resolution") }
    self.resolution = resolution
  }

  /// What a node announced on the same question before; nil when it announced nothing.
  static func read(
    _ project: ProjectID, _ resolution: Resolution, by node: PublicKey, _ state: borrowing some StateReader & ~Copyable
  ) throws -> AnnouncedResolution? {
    try state.value(CrowdfundingState.announcements, key(project, resolution, node)).map { try AnnouncedResolution(decoding: $0) }
  }
}

/// That a node labelled an event: a vote as recorded, a kind 5 as one that took votes back. It waits for its event where that is not known yet.
enum LabelRecord {
  /// The raw value is stored: never renumber.
  enum Name: UInt8 {
    case voteRecorded = 1
    case voteTakenBack = 2
  }

  // event 32 · name 1 · node 32 → 1
  static func change(_ name: Name, of event: EventID, by node: PublicKey) -> StateChange {
    .put(CrowdfundingState.labels, key: key(name, of: event, by: node), value: [1])
  }

  private static func key(_ name: Name, of event: EventID, by node: PublicKey) -> [UInt8] {
    prefix(name, event) + node.bytes
  }

  private static func prefix(_ name: Name, _ event: EventID) -> [UInt8] { event.bytes + [name.rawValue] }

  /// Whether one of some nodes labelled an event.
  static func isThere(
    _ name: Name, of event: EventID, by isNode: (PublicKey) -> Bool, _ state: borrowing some StateReader & ~Copyable
  ) throws -> Bool {
    var isFound = false
    try forEachNode(name, of: event, state) { if isNode($0) { isFound = true } }
    return isFound
  }

  /// Visits the nodes that labelled an event.
  static func forEachNode(
    _ name: Name, of event: EventID, _ state: borrowing some StateReader & ~Copyable, _ visit: (PublicKey) -> Void
  ) throws {
    try state.scan(CrowdfundingState.labels, prefix: prefix(name, event)) { key, _ in
      var reader = RecordReader(key, of: CrowdfundingState.labels)
      _ = try reader.fixed(33)
      visit(try reader.publicKey())
      return true
    }
  }
}

/// That a node published a receipt of a reaction.
enum ReceiptRecord {
  // reaction 32 · node 32 → 1
  static func change(of reaction: EventID, by node: PublicKey) -> StateChange {
    .put(CrowdfundingState.receipts, key: reaction.bytes + node.bytes, value: [1])
  }

  /// Whether one of some nodes published one.
  static func isThere(of reaction: EventID, by isNode: (PublicKey) -> Bool, _ state: borrowing some StateReader & ~Copyable) throws -> Bool {
    var isFound = false
    try state.scan(CrowdfundingState.receipts, prefix: reaction.bytes) { key, _ in
      var reader = RecordReader(key, of: CrowdfundingState.receipts)
      _ = try reader.fixed(32)
      isFound = isNode(try reader.publicKey())
      return !isFound
    }
    return isFound
  }
}
