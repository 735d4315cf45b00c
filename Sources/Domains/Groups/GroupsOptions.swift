// SPDX-License-Identifier: AGPL-3.0-or-later
import Policy

/// The settings of the domain, under `groups` in the configuration, with the spec's names and defaults (groups, 6.1).
///
/// The day counts and majorities are no settings: relays have to agree on them (`GroupTimes`).
public struct GroupsOptions: Sendable, Equatable {
  /// Who may propose (GP6).
  public enum Proposers: String, Sendable { case anyone, members, admins }
  /// Whether modifications of older nodes than the tip are taken (GM4).
  public enum ForkPolicy: String, Sendable { case attested, strict }

  public var isEnabled = true
  public var kinds = GroupKinds()
  /// An author's modification is a yes to its proposals (GD5).
  public var modificationCountsAsVote = true
  /// A pubkey may stand several times in the first members, and weighs as often (GD14).
  public var allowDuplicateInit = true
  /// Groups may be added to a group later (GD17).
  public var allowNestedAdd = true
  public var proposalsFrom = Proposers.anyone
  public var forkPolicy = ForkPolicy.attested
  /// How old a live proposal or modification may be.
  public var maxLagSeconds: UInt64 = 7200
  public var maxDepth = 8
  public var maxElectorate = 10_000
  public var maxForkDepth: UInt32 = 64
  public var maxBranchesPerParent = 8
  public var maxAddsPerModification = 50
  public var openProposalsPerAuthor = 20
  /// How many open proposals of a group may limit administrators.
  public var maxLimitingProposals = 256
  /// Of one group: how many keys its meta may have, and how many bytes, keys and values.
  public var maxMetaKeys = 256
  public var maxMetaBytes = 16 * 1024
  public var acceptNip03 = true
  /// A file of 80-byte block headers, the first one block 0's; nil: none is known.
  public var headersFile: String?
  /// Attest what is accepted live, as a broadcast attester.
  public var attests = true
  public var followUps = FollowUpOptions()

  public init() {}
}

/// What all relays have to agree on. Source: groups, 6.1.
enum GroupTimes {
  static let day: UInt64 = 86_400
  static let tenure = 7 * day
  static let voterWindow = 10 * day
  static let exAdminTotal = 30 * day
  static let majority = 10 * day
  static let expiry = 30 * day
  static let finality = day
  /// How long after an event's time a node's label still proves it.
  static let labelWindow = 3 * day
  /// For how long this relay's tip stops before a contested node.
  static let contested = 10 * day
}

/// Limits that the spec fixes (GC3, GM7), and those of our own that keep a group's state bounded.
enum GroupLimits {
  static let contentBytes = 32 * 1024
  static let tags = 500
  static let jsonDepth = 6
  static let proposalsPerModification = 32
  static let votesPerProposal = 200
  static let votesPerVoter = 5
  /// Of one voter's votes on a proposal, from whatever source: the earliest by (created_at, id), so that the order in which they come does not matter.
  static let votesKept = 64
  static let unverifiedProofs = 4
  /// Of one group.
  static let entries = 100_000
  /// How many of a group's newest proposals are looked at for those that are still open: so many are never left out by honest use.
  static let proposalsLookedAt = 1024
  /// How many groups one question may visit.
  static let visitedGroups = 5000
}

extension UInt64 {
  /// The sum, at most the greatest number: a time that is never reached.
  func saturatingAdd(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }

  /// The difference, at least 0.
  func saturatingSubtract(_ other: UInt64) -> UInt64 { self > other ? self - other : 0 }
}
