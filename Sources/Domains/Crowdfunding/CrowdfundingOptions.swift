// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// The settings of the domain, under `crowdfunding` in the configuration, with the contract's names and defaults.
public struct CrowdfundingOptions: Sendable, Equatable {
  /// Who may create a campaign (C11).
  public enum Creators: String, Sendable {
    /// Whoever the first version designates as captain.
    case designated
    /// Only captains listed in `captains`.
    case captains
  }

  public var isEnabled: Bool
  public var creators: Creators
  /// Keys whose campaigns are trusted (C12).
  public var captains: Set<PublicKey>
  /// Known keys of map cells; nil: not checked (C5).
  public var umaps: Set<PublicKey>?
  /// Where contributions go when neither the campaign's Bien nor its `wallet` tags say (K10): Ğ1 keys.
  public var wallets: [GoalType: G1Key]
  /// A vote is approved at this total…
  public var assetsVoteThreshold: Amount
  /// …and this many voters.
  public var assetsVoteQuorum: UInt64
  public var followUps: FollowUpOptions

  public init(
    isEnabled: Bool = true, creators: Creators = .designated, captains: Set<PublicKey> = [], umaps: Set<PublicKey>? = nil,
    wallets: [GoalType: G1Key] = [:], assetsVoteThreshold: Amount = Amount(hundredths: 10_000), assetsVoteQuorum: UInt64 = 10,
    followUps: FollowUpOptions = FollowUpOptions()
  ) {
    self.isEnabled = isEnabled
    self.creators = creators
    self.captains = captains
    self.umaps = umaps
    self.wallets = wallets
    self.assetsVoteThreshold = assetsVoteThreshold
    self.assetsVoteQuorum = assetsVoteQuorum
    self.followUps = followUps
  }

  /// Whether a key publishes snapshots: this node, or another one that is believed (C0).
  func isSnapshotNode(_ key: PublicKey) -> Bool { followUps.isNode(key) }
}
