// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// One accepted version of a campaign, kept as history: later arrivals are judged against the versions of their own time (*Convergence*).
/// Whether it is in force is not stored: that is folded from all of them.
struct VersionRecord: Equatable, Sendable {
  let id: EventID
  let createdAt: UInt64
  let author: PublicKey
  /// Which binding of the project it belongs to.
  var epoch: UInt8
  private(set) var terms: CampaignTerms
  /// The earliest deletion that its author asked for by its id; whether it holds depends on the money and votes before it.
  var deletion: FoldPosition?
  /// What its signature proves of the binding (C12).
  let trust: CampaignTrust
  let namesBien: Bool
  let namesWallet: Bool

  // version 1 · epoch 1 · unused 1 · trust 1 · marks 1 (1 names the Bien, 2 its wallet, 4 unused) · id 32 · author 32 · created_at 8 ·
  // deletion ?(created_at 8, id 32) · terms. Version 1 has the first layout of terms.
  static let newestVersion: UInt8 = 2

  func encoded() -> [UInt8] {
    var writer = RecordWriter(capacity: 384)
    writer.put(Self.newestVersion)
    writer.put(epoch)
    writer.put(true)
    writer.put(trust.rawValue)
    writer.put((namesBien ? 1 : 0) | (namesWallet ? 2 : 0) as UInt8)
    writer.put(id)
    writer.put(author)
    writer.put(createdAt)
    writer.put(optional: deletion) { $0.put($1) }
    writer.put(terms)
    return writer.bytes
  }

  init(_ event: VerifiedEvent, _ version: CampaignVersion, epoch: UInt8, trust: CampaignTrust, deletion: DeletionRecord?) {
    id = event.id
    createdAt = event.createdAt
    author = event.pubkey
    self.epoch = epoch
    self.trust = trust
    namesBien = version.bien != nil
    namesWallet = version.bienWallet != nil
    terms = version.terms
    self.deletion = deletion?.position
  }

  init(decoding bytes: [UInt8]) throws {
    let table = CrowdfundingState.versions
    var reader = RecordReader(bytes, of: table)
    let head = try VersionHead(&reader, of: table)
    id = head.id
    createdAt = head.createdAt
    author = head.author
    epoch = head.epoch
    trust = head.trust
    namesBien = head.namesBien
    namesWallet = head.namesWallet
    deletion = head.deletion
    terms = try reader.campaignTerms(of: table, head.layout)
  }

  /// As it is stored; what a row of before does not hold is read from the event itself.
  init(decoding bytes: [UInt8], completing state: borrowing some StateReader & ~Copyable) throws {
    try self.init(decoding: bytes)
    terms = try terms.completed(from: id, reading: state)
  }

  var position: FoldPosition { FoldPosition(createdAt: createdAt, id: id) }

  static func key(_ project: ProjectID, _ createdAt: UInt64, _ id: EventID) -> [UInt8] {
    var writer = RecordWriter(capacity: 108)
    writer.put(fixed: project.keyPrefix)
    writer.put(createdAt)
    writer.put(fixed: id.bytes.map { ~$0 })
    return writer.bytes
  }

  func change(_ project: ProjectID) -> StateChange {
    .put(CrowdfundingState.versions, key: Self.key(project, createdAt, id), value: encoded())
  }

  func removal(_ project: ProjectID) -> StateChange { .delete(CrowdfundingState.versions, key: Self.key(project, createdAt, id)) }
}

/// What stands before the terms in a version's row.
struct VersionHead {
  let layout: TermsLayout
  let id: EventID
  let createdAt: UInt64
  let author: PublicKey
  let epoch: UInt8
  let deletion: FoldPosition?
  let trust: CampaignTrust
  let namesBien: Bool
  let namesWallet: Bool

  init(_ reader: inout RecordReader, of table: Table) throws {
    let version = try reader.uint8()
    guard (1...VersionRecord.newestVersion).contains(version) else { throw Fault.corrupt(table, "record version \(version)") }
    layout = version == 1 ? .first : .second
    epoch = try reader.uint8()
    _ = try reader.uint8()
    guard let trust = CampaignTrust(rawValue: try reader.uint8()) else { throw Fault.corrupt(table, "unknown trust") }
    self.trust = trust
    let marks = try reader.uint8()
    namesBien = marks & 1 != 0
    namesWallet = marks & 2 != 0
    id = try reader.eventID()
    author = try reader.publicKey()
    createdAt = try reader.uint64()
    deletion = try reader.optional { try $0.foldPosition() }
  }
}

/// A version as a fold looks at it: the row that is stored, read only as far as folding needs it.
struct FoldedVersion {
  let head: VersionHead
  let terms: FoldedTerms
  /// The `d`: with the author, its address.
  let identifier: ArraySlice<UInt8>
  private let row: [UInt8]

  var id: EventID { head.id }
  var createdAt: UInt64 { head.createdAt }

  init(decoding row: [UInt8]) throws {
    var reader = RecordReader(row, of: CrowdfundingState.versions)
    head = try VersionHead(&reader, of: CrowdfundingState.versions)
    (terms, identifier) = try FoldedTerms.read(&reader, of: CrowdfundingState.versions, head.layout)
    self.row = row
  }

  /// Everything that the row holds.
  var record: VersionRecord { get throws { try VersionRecord(decoding: row) } }

  /// Whether the order of two versions is that of the fold: of one second the lowest id is the last, as relays prefer it.
  func precedes(_ other: FoldedVersion) -> Bool {
    createdAt == other.createdAt ? other.id < id : createdAt < other.createdAt
  }

  /// All versions of a project's present binding, in fold order, and the rows of before among them in today's form, to be written with the next
  /// change.
  static func all(
    of project: ProjectID, epoch: UInt8, _ state: borrowing some StateReader & ~Copyable
  ) throws -> (versions: [FoldedVersion], renewed: [StateChange]) {
    var versions: [FoldedVersion] = []
    var renewed: [StateChange] = []
    try state.scan(CrowdfundingState.versions, prefix: project.keyPrefix) { key, row in
      var version = try FoldedVersion(decoding: row)
      guard version.head.epoch == epoch else { return true }
      if version.head.layout == .first {
        let record = try VersionRecord(decoding: row, completing: state)
        let row = record.encoded()
        version = try FoldedVersion(decoding: row)
        if record.terms.commons != nil { renewed.append(.put(CrowdfundingState.versions, key: key, value: row)) }
      }
      versions.append(version)
      return true
    }
    return (versions, renewed)
  }
}

extension RecordWriter {
  // created_at 8 · id 32
  mutating func put(_ position: FoldPosition) {
    put(position.createdAt)
    put(position.id)
  }
}

extension RecordReader {
  mutating func foldPosition() throws -> FoldPosition {
    let createdAt = try uint64()
    return FoldPosition(createdAt: createdAt, id: try eventID())
  }
}
