// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

/// One accepted vote, and whether its author took it back.
struct VoteRecord: Equatable, Sendable {
  let position: FoldPosition
  let pubkey: PublicKey
  let weight: Amount
  /// Accepted live: it stands here whatever comes from sync.
  let isLive: Bool
  /// Its author's deletions that take votes back, in one.
  var deletion: DeletionRecord?

  /// Where it is taken back in the fold: at the later of the two.
  var takenBackAt: FoldPosition? { deletion.map { max($0.position, position) } }
  /// Its deletion stands before it: it is as never cast.
  var isNeverCast: Bool { deletion.map { $0.position < position } ?? false }

  private enum Mark {
    static let live: UInt8 = 1
    static let deletedLive: UInt8 = 2
  }

  /// Version 2 holds deletions without labels too.
  private static let newestVersion: UInt8 = 3

  // version 1 · marks 1 (1 live, 2 its deletion holds here) · pubkey 32 · weight 8 · deletion ?(created_at 8, id 32)
  func change(_ project: ProjectID) -> StateChange {
    var writer = RecordWriter(capacity: 88)
    writer.put(Self.newestVersion)
    writer.put((isLive ? Mark.live : 0) | (deletion?.isLive == true ? Mark.deletedLive : 0))
    writer.put(pubkey)
    writer.put(weight)
    writer.put(optional: deletion?.position) { $0.put($1) }
    return .put(CrowdfundingState.ballots, key: CrowdfundingState.timedKey(project, position.createdAt, position.id), value: writer.bytes)
  }

  init(_ event: VerifiedEvent, weight: Amount, isLive: Bool, deletion: DeletionRecord?) {
    position = FoldPosition(createdAt: event.createdAt, id: event.id)
    pubkey = event.pubkey
    self.weight = weight
    self.isLive = isLive
    self.deletion = deletion
  }

  /// Reads a row of the newest form where it lies, since a fold reads very many; nil for any other, which `BallotRow` reads or refuses.
  private init?(_ key: [UInt8], _ prefixCount: Int, newest row: [UInt8]) {
    guard key.count == prefixCount + 40, row.count == 43 || row.count == 83, row[0] == Self.newestVersion, row[42] == (row.count == 83 ? 1 : 0) else {
      return nil
    }
    position = key.withUnsafeBytes { Self.position($0, prefixCount) }
    (pubkey, weight, deletion) = row.withUnsafeBytes { bytes in
      let isDeletedLive = bytes[1] & Mark.deletedLive != 0
      return (
        PublicKey(Self.bytes32(bytes, 2)), Amount(hundredths: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 34, as: UInt64.self))),
        bytes.count == 83 ? DeletionRecord(Self.position(bytes, 43), isLive: isDeletedLive) : nil
      )
    }
    isLive = row[1] & Mark.live != 0
  }

  private static func position(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> FoldPosition {
    let createdAt = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    return FoldPosition(createdAt: createdAt, id: EventID(bytes32(bytes, offset + 8)))
  }

  /// 32 bytes that the caller knows to be there.
  private static func bytes32(_ bytes: UnsafeRawBufferPointer, _ offset: Int) -> Bytes32 {
    bytes.baseAddress.map { Bytes32(unsafe: $0 + offset) } ?? .zero
  }

  fileprivate init(_ position: FoldPosition, _ pubkey: PublicKey, weight: Amount, isLive: Bool, deletion: DeletionRecord?) {
    self.position = position
    self.pubkey = pubkey
    self.weight = weight
    self.isLive = isLive
    self.deletion = deletion
  }

  /// One vote, by its place; nil when there is none. Deletions of before schema 3, which have rows of their own, are known only where all votes are
  /// read.
  static func read(_ project: ProjectID, _ position: FoldPosition, _ state: borrowing some StateReader & ~Copyable) throws -> VoteRecord? {
    let key = CrowdfundingState.timedKey(project, position.createdAt, position.id)
    guard let row = try state.value(CrowdfundingState.ballots, key), case .vote(let vote) = try BallotRow(position, decoding: row) else { return nil }
    return vote
  }

  /// All votes on one campaign, in fold order.
  static func all(of project: ProjectID, _ state: borrowing some StateReader & ~Copyable) throws -> [VoteRecord] {
    var votes: [VoteRecord] = []
    var deletions: [(targets: [EventID], author: PublicKey, deletion: DeletionRecord)] = []
    let prefix = project.keyPrefix
    try state.scan(CrowdfundingState.ballots, prefix: prefix) { key, row in
      if let vote = VoteRecord(key, prefix.count, newest: row) {
        votes.append(vote)
        return true
      }
      var reader = RecordReader(key, of: CrowdfundingState.ballots)
      _ = try reader.fixed(prefix.count)
      switch try BallotRow(try reader.foldPosition(), decoding: row) {
      case .vote(let vote): votes.append(vote)
      case .deletion(let targets, let author, let deletion):
        if deletion.isLive { deletions.append((targets, author, deletion)) }
      }
      return true
    }
    guard !deletions.isEmpty else { return votes }
    let places = Dictionary(uniqueKeysWithValues: votes.enumerated().map { ($1.position.id, $0) })
    for (targets, author, deletion) in deletions {
      for place in targets.compactMap({ places[$0] }) where votes[place].pubkey == author {
        votes[place].deletion = deletion.merging(votes[place].deletion)
      }
    }
    return votes
  }
}

/// A row of the ballots' table.
private enum BallotRow {
  case vote(VoteRecord)
  /// Before schema 3 a deletion of votes had a row of its own.
  case deletion(of: [EventID], by: PublicKey, DeletionRecord)

  init(_ position: FoldPosition, decoding bytes: [UInt8]) throws {
    let table = CrowdfundingState.ballots
    var reader = RecordReader(bytes, of: table)
    switch try reader.uint8() {
    case 1: self = try Self.first(position, &reader)
    case let version where version == 2 || version == 3:
      let marks = try reader.uint8()
      let pubkey = try reader.publicKey()
      let weight = try reader.amount()
      var deletion = try reader.optional { DeletionRecord(try $0.foldPosition(), isLive: marks & 2 != 0) }
      // What came from sync before labels were known has none.
      if version == 2, deletion?.isLive == false { deletion = nil }
      self = .vote(VoteRecord(position, pubkey, weight: weight, isLive: marks & 1 != 0, deletion: deletion))
    default: throw Fault.corrupt(table, "unknown record version")
    }
  }

  // type 1 (1 vote, 2 deletion) · live 1 · counted 1 · pubkey 32 · weight 8, and what it said of the Bien; or targets n×32
  private static func first(_ position: FoldPosition, _ reader: inout RecordReader) throws -> BallotRow {
    let type = try reader.uint8()
    let isLive = try reader.bool()
    _ = try reader.bool()
    let pubkey = try reader.publicKey()
    switch type {
    case 1: return .vote(VoteRecord(position, pubkey, weight: try reader.amount(), isLive: isLive, deletion: nil))
    case 2:
      var targets: [EventID] = []
      while !reader.isAtEnd { targets.append(try reader.eventID()) }
      return .deletion(of: targets, by: pubkey, DeletionRecord(position, isLive: isLive))
    default: throw Fault.corrupt(CrowdfundingState.ballots, "unknown ballot")
    }
  }
}

/// The votes of one pubkey on one campaign, as far as they are few: more than eight are looked up in the fold.
struct VoterRecord {
  /// Where they stand; nil when there are more, or when the row is of before.
  private(set) var places: [FoldPosition]?

  /// A pubkey that did not vote.
  static let none = VoterRecord(places: [])
  private static let limit = 8
  private static let placeBytes = 40

  private init(places: [FoldPosition]?) { self.places = places }

  static func read(_ project: ProjectID, _ voter: PublicKey, _ state: borrowing some StateReader & ~Copyable) throws -> VoterRecord {
    guard let bytes = try state.value(CrowdfundingState.voters, key(project, voter)) else { return .none }
    guard bytes.count % placeBytes == 0, bytes.count <= limit * placeBytes else { return VoterRecord(places: nil) }
    var reader = RecordReader(bytes, of: CrowdfundingState.voters)
    var places: [FoldPosition] = []
    while !reader.isAtEnd { places.append(try reader.foldPosition()) }
    return VoterRecord(places: places)
  }

  /// Whether a place is a pubkey's only one at which a vote stands or will: all its other votes were taken back before it, here and in the fold, as long as
  /// nothing is approved. False also where that is not known.
  func isAlone(at place: FoldPosition, of project: ProjectID, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    guard let places else { return false }
    for other in places where other != place {
      guard let vote = try VoteRecord.read(project, other, state), let back = vote.takenBackAt, back < place,
        !vote.isLive || vote.deletion?.isLive == true
      else { return false }
    }
    return true
  }

  mutating func add(_ place: FoldPosition) {
    guard let places, places.count < Self.limit else {
      self.places = nil
      return
    }
    self.places = places + [place]
  }

  // n×(created_at 8, id 32) up to eight; one byte for more. Before schema 3: the id of the first, 32 bytes
  func change(_ project: ProjectID, _ voter: PublicKey) -> StateChange {
    var writer = RecordWriter(capacity: Self.limit * Self.placeBytes)
    if let places {
      for place in places { writer.put(place) }
    } else {
      writer.put(UInt8.max)
    }
    return .put(CrowdfundingState.voters, key: Self.key(project, voter), value: writer.bytes)
  }

  private static func key(_ project: ProjectID, _ voter: PublicKey) -> [UInt8] { project.keyPrefix + voter.bytes }
}
