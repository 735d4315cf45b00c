// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// What was accepted for one campaign, in fold order: the versions of its present binding, and as far as they are asked for contributions and votes.
struct CampaignHistory {
  var versions: [FoldedVersion]
  /// Read only where they matter: when some version was deleted.
  var contributions: [ContributionRecord] = []
  var votes: [VoteRecord] = []
  /// Rows of before in today's form: whatever changes the campaign writes them too, before its own.
  private(set) var renewed: [StateChange] = []
  /// The deletions of each address that a version has; read when some version was deleted.
  private var addressDeletions: [FoldedAddress: [AddressDeletion]] = [:]

  /// - Parameters:
  ///   - withVotes: false where no vote can change: a campaign may have very many. Where versions were deleted they are read all the same.
  ///   - inserting: a version that is not stored yet.
  ///   - members: the versions of the binding, where they are not those that are stored.
  static func read(
    _ campaign: CampaignRecord, having members: [VersionRecord]? = nil, withVotes: Bool = true, inserting version: VersionRecord? = nil,
    _ state: borrowing some StateReader & ~Copyable
  ) throws -> CampaignHistory {
    let project = campaign.project
    var history = CampaignHistory(versions: [])
    if let members {
      history.versions = try members.map { try FoldedVersion(decoding: $0.encoded()) }.sorted { $0.precedes($1) }
    } else {
      (history.versions, history.renewed) = try FoldedVersion.all(of: project, epoch: campaign.epoch, state)
    }
    if let version {
      let folded = try FoldedVersion(decoding: version.encoded())
      history.versions.insert(folded, at: history.versions.partitionPoint { folded.precedes($0) })
    }
    if withVotes || campaign.hasDeletions { history.votes = try VoteRecord.all(of: project, state) }
    if campaign.hasDeletions {
      for version in history.versions {
        let address = FoldedAddress(version)
        guard history.addressDeletions[address] == nil else { continue }
        history.addressDeletions[address] = try AddressDeletion.all(of: address.author, address.identifier, state)
      }
      history.contributions = try state.contributions(project)
    }
    return history
  }

  init(versions: [FoldedVersion]) { self.versions = versions }

  mutating func insert(_ contribution: ContributionRecord) {
    contributions.insert(contribution, at: contributions.partitionPoint { contribution.position < $0.position })
  }

  mutating func insert(_ vote: VoteRecord) {
    votes.insert(vote, at: votes.partitionPoint { vote.position < $0.position })
  }

  /// Puts a changed row in the place of the stored one.
  mutating func replace(_ version: VersionRecord) throws {
    let folded = try FoldedVersion(decoding: version.encoded())
    let place = versions.partitionPoint { !$0.precedes(folded) }
    if place < versions.endIndex, versions[place].id == folded.id { versions[place] = folded }
  }

  /// The history may know deletions of the vote that its own row does not: before schema 3 they had rows of their own.
  mutating func replace(_ vote: VoteRecord) {
    let place = votes.partitionPoint { $0.position >= vote.position }
    guard place < votes.endIndex, votes[place].position == vote.position else { return }
    let known = votes[place].deletion
    votes[place] = vote
    votes[place].deletion = vote.deletion?.merging(known) ?? known
  }

  /// A deletion by address that is not stored yet. Each version is looked at once, however many addresses are named.
  mutating func insert(_ deletion: AddressDeletion, of addresses: Set<FoldedAddress>) {
    for address in FoldedAddress.all(of: versions, among: addresses) {
      var deletions = addressDeletions[address, default: []]
      deletions.insert(deletion, at: deletions.firstIndex { deletion.position < $0.position } ?? deletions.endIndex)
      addressDeletions[address] = deletions
    }
  }

  /// Whether money or votes were accepted live here, and not taken back.
  var hasLiveActivity: Bool { contributions.contains(where: \.isLive) || votes.contains { $0.isLive && $0.deletion?.isLive != true } }

  /// Where a version is deleted, as long as none came after it.
  ///
  /// By its id at the later of the two times, by its address at the first deletion that is not older than it.
  func deletion(of version: FoldedVersion) -> FoldPosition? {
    let byID = version.head.deletion.map { $0.createdAt < version.createdAt ? FoldPosition(createdAt: version.createdAt, id: $0.id) : $0 }
    let known = addressDeletions[FoldedAddress(version)] ?? []
    let byAddress = known[known.partitionPoint { $0.position.createdAt >= version.createdAt }...].first?.position
    return [byID, byAddress].compactMap { $0 }.min()
  }
}

/// An address as a fold compares it.
struct FoldedAddress: Hashable {
  let author: PublicKey
  let identifier: ArraySlice<UInt8>

  init(_ version: FoldedVersion) {
    author = version.head.author
    identifier = version.identifier
  }

  init(_ address: Address) {
    author = address.pubkey
    identifier = address.identifier.bytes
  }

  /// Those of some addresses that versions have.
  static func all(of versions: some Sequence<FoldedVersion>, among addresses: Set<FoldedAddress>) -> Set<FoldedAddress> {
    var found: Set<FoldedAddress> = []
    for version in versions {
      let address = FoldedAddress(version)
      if addresses.contains(address) { found.insert(address) }
    }
    return found
  }
}

extension RandomAccessCollection {
  /// The first place of a sorted collection from which on a condition holds: by halves.
  func partitionPoint(_ holds: (Element) -> Bool) -> Index {
    var (low, count) = (startIndex, self.count)
    while count > 0 {
      let half = count / 2
      let middle = index(low, offsetBy: half)
      if holds(self[middle]) {
        count = half
      } else {
        low = index(after: middle)
        count -= half + 1
      }
    }
    return low
  }
}
