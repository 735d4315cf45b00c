// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// The versions of one campaign, folded in (created_at, id) order: which of them take part is the same whatever order they came in (*Convergence*).
struct VersionFold {
  /// Oldest first; of equal times the lowest id last, as relays prefer it.
  private(set) var versions: [VersionRecord]
  private(set) var head: CampaignRecord.Head?

  /// - Parameter isGone: whether a version's deletion holds.
  init(_ versions: [VersionRecord], isGone: (VersionRecord) -> Bool = { _ in false }) {
    self.versions = versions
    var previous: VersionRecord?
    var unclaimed: CampaignStatus?
    for index in versions.indices {
      var version = versions[index]
      version.isEffective = !isGone(version) && Self.follows(version, previous)
      self.versions[index] = version
      guard version.isEffective else { continue }
      previous = version
      if version.terms.status != .funded, version.terms.status != .completed { unclaimed = version.terms.status }
      head = CampaignRecord.Head(
        id: version.id, author: version.author, createdAt: version.createdAt, terms: version.terms, unclaimedStatus: unclaimed ?? .crowdfunding)
    }
  }

  private static func follows(_ version: VersionRecord, _ previous: VersionRecord?) -> Bool {
    guard let previous else { return true }
    return (try? check(from: previous.terms, to: version.terms)) != nil
  }

  /// Throws the `Rejection` of C13 or C14 for a version from sync.
  static func check(from previous: CampaignTerms, to next: CampaignTerms) throws {
    try CampaignRules.checkSyncMove(from: previous, to: next)
    try CampaignRules.checkTerms(from: previous, to: next)
  }

  /// The newest effective version whose created_at is not after a time.
  func effective(at time: UInt64) -> VersionRecord? { versions.last { $0.isEffective && $0.createdAt <= time } }

  /// Whether the order of two versions is that of the fold.
  static func precedes(_ left: VersionRecord, _ right: VersionRecord) -> Bool {
    left.createdAt == right.createdAt ? right.id < left.id : left.createdAt < right.createdAt
  }

  /// The effective version before another one's place.
  func previous(of version: VersionRecord) -> VersionRecord? { versions.last { $0.isEffective && Self.precedes($0, version) } }
}
