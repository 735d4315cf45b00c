// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// The settings of the domain, under `collectives` in the configuration, with the contract's and the spec's names and defaults.
public struct CollectivesOptions: Sendable, Equatable {
  public enum PriceUnit: String, Sendable {
    /// As it was deployed.
    case sat
    /// As the published text has it.
    case msat
  }

  /// Which of two updates on one parent counts (4.5).
  public enum ForkPolicy: String, Sendable {
    /// The one that came first; the other is kept as evidence.
    case firstSeen
    /// The one with the greatest created_at, of one second the one with the lowest id, as relays keep them: so that all of them come to the same. From
    /// sync both are kept.
    case nip01
  }

  public var isEnabled = true
  /// More than this share of votepower ratifies a merit request (4.7 P1).
  public var approve: Fraction
  /// A request passes only while less than this share is against it.
  public var veto: Fraction
  /// Adopt, from sync, a head whose lineage is unknown (4.5).
  public var checkpoint = false
  public var forkPolicy = ForkPolicy.nip01
  /// Allow the one merit that a creator may give themself in the ignition (G2).
  public var genesisMerit = true
  /// Let authors hide a chain that has merits (4.5).
  public var allowDeletion = false
  /// How many collectives one key may create (G1).
  public var maxSecsPerPubkey = 32
  /// What names must look like besides S2; nil: S2 alone.
  public var dRegex: NamePattern?
  /// Believe an on-chain transfer that nobody can check here (4.7 P2).
  public var acceptUnverifiedTxid = false
  public var requestKinds: [UInt64] = [1409, 1602]
  public var voteKinds: [UInt64] = [1410, 1603]
  public var approvalKinds: [UInt64] = [1411, 1604]
  public var transferKinds: [UInt64] = [1415]
  public var leadtimeKinds: [UInt64] = [1414]
  /// Check the shape of votes, requests and listings that are published on their own (4.9).
  public var validateSatellites = false
  /// With `validateSatellites`: take kind 1411 too, which is not meant to be published.
  public var allowPublishedApprovals = false
  /// The evidence of an update together has at most so many bytes: as many as an event that relays take (S10; `relay.maxEventBytes`).
  public var maxEventBytes = 65_536
  public var productPriceUnit = PriceUnit.sat
  /// Compare only the sum of what incoming payments distribute, not each row's share (SD9).
  public var totalOnly = false
  /// Zappers that are believed for every payee.
  public var trustedZappers: Set<PublicKey> = []
  /// Zappers that are believed for one payee.
  public var zappers: [PublicKey: Set<PublicKey>] = [:]
  /// The known block headers (R8).
  public var headers = BitcoinHeaders(path: nil)
  public var followUps: FollowUpOptions

  public init(followUps: FollowUpOptions = FollowUpOptions()) {
    self.followUps = followUps
    approve = Self.half
    veto = Self.twoHundredths
  }

  private static let half = Fraction(1, 2).unsafelyUnwrapped
  private static let twoHundredths = Fraction(2, 100).unsafelyUnwrapped

  /// The kind of a sale listing, which with `p` is a transfer.
  static let listingKind: UInt64 = 1412
  static let receiptKind: UInt64 = 9735
  static let profileKind: UInt64 = 0
  static let updateKind: UInt64 = 31108
}
