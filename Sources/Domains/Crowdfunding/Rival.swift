// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Somebody who claims a project id beside the campaign in force, while nothing vouches for either. Source: constellation spec, rule 4, *Rivals*.
///
/// A rival is one author with all its versions. The lowest (created_at, id) of them is where it stands; whoever stands lowest of all is in force, and is
/// no rival. The versions of rivals lie in a table of their own, by author: a campaign in force is read without coming by them.
public struct Rival: Equatable, Sendable {
  /// Its project: another one where it claims the same Bien.
  public let project: ProjectID
  public let author: PublicKey
  /// The first of its versions.
  let first: FoldPosition

  public var createdAt: UInt64 { first.createdAt }
  public var id: EventID { first.id }

  /// How many rivals a project has; of more the lowest (created_at, id) are taken.
  public static let maxCount = 16

  // project · 0 · created_at · id → author 32
  private static func placePrefix(_ project: ProjectID) -> [UInt8] { project.keyPrefix + [0] }
  private static func placeKey(_ project: ProjectID, _ first: FoldPosition) -> [UInt8] {
    var writer = RecordWriter(capacity: 112)
    writer.put(fixed: placePrefix(project))
    writer.put(first)
    return writer.bytes
  }

  // project · 1 · author 32 · created_at · id → VersionRecord
  private static func versionPrefix(_ project: ProjectID, _ author: PublicKey) -> [UInt8] { project.keyPrefix + [1] + author.bytes }
  private static func versionKey(_ project: ProjectID, _ author: PublicKey, _ position: FoldPosition) -> [UInt8] {
    var writer = RecordWriter(capacity: 144)
    writer.put(fixed: versionPrefix(project, author))
    writer.put(position)
    return writer.bytes
  }

  /// The rivals of a project, the lowest first.
  static func all(of project: ProjectID, limit: Int = maxCount, _ state: borrowing some StateReader & ~Copyable) throws -> [Rival] {
    let prefix = placePrefix(project)
    var found: [Rival] = []
    try state.scan(CrowdfundingState.rivals, prefix: prefix) { key, value in
      var place = RecordReader(key, of: CrowdfundingState.rivals)
      _ = try place.fixed(prefix.count)
      var author = RecordReader(value, of: CrowdfundingState.rivals)
      found.append(Rival(project: project, author: try author.publicKey(), first: try place.foldPosition()))
      return found.count < limit
    }
    return found
  }

  /// The other projects that claim a campaign's Bien or wallet, the lowest first.
  static func ofBien(of campaign: CampaignRecord, _ state: borrowing some StateReader & ~Copyable) throws -> [Rival] {
    let claims = BienClaims()
    var found: [Rival] = []
    func add(_ project: ProjectID, _ first: FoldPosition?) throws {
      guard project != campaign.project, !found.contains(where: { $0.project == project }), let first,
        let note = try CrowdfundingNote(try state.known(first.id))
      else { return }
      found.append(Rival(project: project, author: note.author, first: first))
    }
    for key in BienClaims.Key.all(of: campaign) {
      if let owner = try claims.owner(of: key, reading: state) { try add(owner, CampaignRecord.read(owner, state)?.founder(reading: state)) }
      for claimant in try claims.claimants(key, limit: maxCount, reading: state) { try add(claimant.project, claimant.first) }
    }
    return Array(found.sorted { $0.first < $1.first }.prefix(maxCount))
  }

  /// Where an author stands as a rival; nil where it is none.
  static func first(of author: PublicKey, _ project: ProjectID, _ state: borrowing some StateReader & ~Copyable) throws -> FoldPosition? {
    var first: FoldPosition?
    try state.scan(CrowdfundingState.rivals, prefix: versionPrefix(project, author)) { _, row in
      first = try VersionRecord(decoding: row).position
      return false
    }
    return first
  }

  /// All versions of one rival, the lowest first.
  static func versions(of author: PublicKey, _ project: ProjectID, _ state: borrowing some StateReader & ~Copyable) throws -> [VersionRecord] {
    var versions: [VersionRecord] = []
    try state.scan(CrowdfundingState.rivals, prefix: versionPrefix(project, author)) { _, row in
      versions.append(try VersionRecord(decoding: row))
      return true
    }
    return versions
  }

  /// One version of a rival; nil where it is unknown.
  static func version(
    _ position: FoldPosition, of author: PublicKey, _ project: ProjectID, _ state: borrowing some StateReader & ~Copyable
  ) throws -> VersionRecord? {
    try state.value(CrowdfundingState.rivals, versionKey(project, author, position)).map { try VersionRecord(decoding: $0) }
  }

  /// Keeps a version of a rival, or what was deleted of it.
  static func keep(_ version: VersionRecord, of project: ProjectID) -> StateChange {
    .put(CrowdfundingState.rivals, key: versionKey(project, version.author, version.position), value: version.encoded())
  }

  static func drop(_ version: VersionRecord, of project: ProjectID) -> StateChange {
    .delete(CrowdfundingState.rivals, key: versionKey(project, version.author, version.position))
  }

  /// An author's place among the rivals changes.
  static func move(_ author: PublicKey, of project: ProjectID, from old: FoldPosition?, to new: FoldPosition?) -> [StateChange] {
    guard old != new else { return [] }
    var changes: [StateChange] = []
    if let old { changes.append(.delete(CrowdfundingState.rivals, key: placeKey(project, old))) }
    if let new { changes.append(.put(CrowdfundingState.rivals, key: placeKey(project, new), value: author.bytes)) }
    return changes
  }
}
