// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// One accepted version of a campaign, kept as history: later arrivals are judged against the versions of their own time (*Convergence*).
struct VersionRecord: Equatable, Sendable {
  let id: EventID
  let createdAt: UInt64
  let author: PublicKey
  /// Which binding of the project it belongs to.
  let epoch: UInt8
  let terms: CampaignTerms
  /// Whether it takes part, given the versions before it. A late arrival may change that.
  var isEffective: Bool
  /// The earliest deletion that its author asked for; whether it holds depends on the money and votes before it.
  var deletion: FoldPosition?
  /// What its signature proves of the binding (C12).
  let trust: CampaignTrust
  let namesBien: Bool
  let namesWallet: Bool

  // version 1 · epoch 1 · effective 1 · trust 1 · names 1 (1 Bien, 2 wallet) · id 32 · author 32 · created_at 8 ·
  // deletion ?(created_at 8, id 32) · terms
  private static let recordVersion: UInt8 = 1

  func encoded() -> [UInt8] {
    var writer = RecordWriter(capacity: 384)
    writer.put(Self.recordVersion)
    writer.put(epoch)
    writer.put(isEffective)
    writer.put(trust.rawValue)
    writer.put((namesBien ? 1 : 0) | (namesWallet ? 2 : 0) as UInt8)
    writer.put(id)
    writer.put(author)
    writer.put(createdAt)
    writer.put(optional: deletion) {
      $0.put($1.createdAt)
      $0.put($1.id)
    }
    writer.put(terms)
    return writer.bytes
  }

  init(_ event: VerifiedEvent, _ version: CampaignVersion, epoch: UInt8, trust: CampaignTrust, deletion: FoldPosition?) {
    id = event.id
    createdAt = event.createdAt
    author = event.pubkey
    self.epoch = epoch
    self.trust = trust
    namesBien = version.bien != nil
    namesWallet = version.bienWallet != nil
    terms = version.terms
    isEffective = true
    self.deletion = deletion
  }

  init(decoding bytes: [UInt8]) throws {
    let table = CrowdfundingState.versions
    var reader = RecordReader(bytes, of: table)
    try reader.version(Self.recordVersion)
    epoch = try reader.uint8()
    isEffective = try reader.bool()
    guard let trust = CampaignTrust(rawValue: try reader.uint8()) else { throw Fault.corrupt(table, "unknown trust") }
    self.trust = trust
    let names = try reader.uint8()
    namesBien = names & 1 != 0
    namesWallet = names & 2 != 0
    id = try reader.eventID()
    author = try reader.publicKey()
    createdAt = try reader.uint64()
    deletion = try reader.optional { FoldPosition(createdAt: try $0.uint64(), id: try $0.eventID()) }
    terms = try reader.campaignTerms(of: table)
  }

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

  /// All versions of a project's present binding, oldest first.
  static func all(of project: ProjectID, epoch: UInt8, _ state: borrowing some StateReader & ~Copyable) throws -> [VersionRecord] {
    var records: [VersionRecord] = []
    try state.scan(CrowdfundingState.versions, prefix: project.keyPrefix) { _, value in
      let record = try VersionRecord(decoding: value)
      if record.epoch == epoch { records.append(record) }
      return true
    }
    return records
  }

  /// The newest effective version whose created_at is not after a time.
  static func effective(
    of project: ProjectID, epoch: UInt8, at time: UInt64, _ state: borrowing some StateReader & ~Copyable
  ) throws -> VersionRecord? {
    let prefix = project.keyPrefix
    var end = prefix
    withUnsafeBytes(of: time.bigEndian) { end += $0 }
    end += [UInt8](repeating: 0xff, count: 32)
    while let (key, value) = try state.last(CrowdfundingState.versions, prefix: prefix, upTo: end) {
      let record = try VersionRecord(decoding: value)
      if record.epoch == epoch, record.isEffective { return record }
      guard let before = key.predecessor else { return nil }
      end = before
    }
    return nil
  }
}
