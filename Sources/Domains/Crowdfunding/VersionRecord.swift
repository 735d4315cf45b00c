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
  /// Its author asked for its deletion.
  var isDeleted: Bool

  var position: FoldPosition { FoldPosition(createdAt: createdAt, id: id) }

  // version 1 · epoch 1 · effective 1 · deleted 1 · id 32 · author 32 · created_at 8 · terms
  private static let recordVersion: UInt8 = 1

  func encoded() -> [UInt8] {
    var writer = RecordWriter(capacity: 384)
    writer.put(Self.recordVersion)
    writer.put(epoch)
    writer.put(isEffective)
    writer.put(isDeleted)
    writer.put(id)
    writer.put(author)
    writer.put(createdAt)
    writer.put(terms)
    return writer.bytes
  }

  init(_ event: VerifiedEvent, _ terms: CampaignTerms, epoch: UInt8, isDeleted: Bool) {
    id = event.id
    createdAt = event.createdAt
    author = event.pubkey
    self.epoch = epoch
    self.terms = terms
    isEffective = true
    self.isDeleted = isDeleted
  }

  init(decoding bytes: [UInt8]) throws {
    let table = CrowdfundingState.versions
    var reader = RecordReader(bytes, of: table)
    try reader.version(Self.recordVersion)
    epoch = try reader.uint8()
    isEffective = try reader.bool()
    isDeleted = try reader.bool()
    id = try reader.eventID()
    author = try reader.publicKey()
    createdAt = try reader.uint64()
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

extension [UInt8] {
  /// The greatest key of the same length below this one; nil when there is none.
  fileprivate var predecessor: [UInt8]? {
    var key = self
    for index in key.indices.reversed() {
      if key[index] > 0 {
        key[index] -= 1
        return key
      }
      key[index] = 0xff
    }
    return nil
  }
}
