// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// How a reaction names its campaign (K3), and what it says of it (K6). A class, since it is much to copy and is handed from check to check.
public final class CampaignReference: Sendable {
  let project: ProjectID?
  /// The last `a` that is a campaign's address.
  let address: Address?
  /// The project that the address names by itself: that of the snapshots which a known node publishes there.
  let shownProject: ProjectID?
  /// The last `e`: any version of the campaign.
  let event: EventID?
  let claims: BindingClaims

  /// Throws a `Rejection` when the project id is malformed, several are named, or no campaign is named at all (K3), and live when what is said of the
  /// campaign cannot be true (K6).
  init(parsing event: VerifiedEvent, in circumstances: Circumstances, options: CrowdfundingOptions) throws {
    let tags = event.tags
    project = try Self.project(named: tags.all(named: "project-id"))
    address = Self.campaignAddress(in: tags)
    shownProject = address.flatMap { SnapshotEvent.project(of: $0, options) }
    self.event = tags.last(named: "e")?[1].flatMap { EventID(hex: $0) }
    let pubkey = tags.last(named: "p")?[1].flatMap { PublicKey(hex: $0) }
    guard project != nil || self.event != nil || address != nil || pubkey != nil else { throw CrowdfundingRejection.noCampaign }
    var wallet: G1Key?
    if circumstances.isLive {
      if let tag = tags.last(named: "i") {
        // Whatever is no Ğ1 key cannot be the Bien's wallet.
        guard let text = tag[1], text.hasPrefix("g1pub:"), let key = G1Key(Text(utf8: text.bytes.dropFirst(6))) else {
          throw CrowdfundingRejection.notItsWallet
        }
        wallet = key
      }
      if let kind = tags.last(named: "k")?[1] {
        guard kind == "30904" || kind == "30023" else { throw CrowdfundingRejection.otherKind }
      }
    }
    claims = BindingClaims(pubkey: pubkey, wallet: wallet?.key)
  }

  /// The project that the `project-id` tags name: all the same one.
  private static func project(named tags: [Tag]) throws -> ProjectID? {
    var named: ProjectID?
    for tag in tags {
      guard let project = tag[1].flatMap({ ProjectID($0) }) else { throw CrowdfundingRejection.malformedProject }
      guard named == nil || named == project else { throw CrowdfundingRejection.twoCampaigns }
      named = project
    }
    return named
  }

  /// The last address that a campaign can have (C1).
  private static func campaignAddress(in tags: TagList) -> Address? {
    for tag in tags.reversed() where tag.isNamed("a") {
      guard let text = tag[1], text.hasPrefix("30904:"), let address = Address(parsing: text) else { continue }
      if address.kind == 30904, CrowdfundingState.isIdentifier(address.identifier) { return address }
    }
    return nil
  }

  /// What the event waits for when its campaign is unknown, and how that is shown: the reference that decides.
  var dependency: (Dependency, shown: String) {
    if let project = project ?? shownProject { return (.campaign(project), project.description) }
    if let address { return (.campaignAddress(address), address.pubkey.short) }
    if let event { return (.event(event), event.short) }
    if let pubkey = claims.pubkey { return (.bien(pubkey), pubkey.short) }
    return (.event(EventID(.zero)), "")
  }
}

extension Dependency {
  static func campaign(_ project: ProjectID) -> Dependency { Dependency(.crowdfunding, [1] + project.bytes) }
  /// A version, a contribution or a vote.
  static func event(_ id: EventID) -> Dependency { Dependency(.crowdfunding, [2] + id.bytes) }
  static func campaignAddress(_ address: Address) -> Dependency { Dependency(.crowdfunding, [3] + address.pubkey.bytes + address.identifier.bytes) }
  static func bien(_ key: PublicKey) -> Dependency { Dependency(.crowdfunding, [4] + key.bytes) }
}

/// The amount that a reaction's content names: `+` is 1, `+N` is N.
enum ReactionAmount {
  case amount(Amount)
  /// Starts like an amount and is none: `+0`, `+05`, `+1001`, `+1.5`.
  case malformed
  /// An ordinary reaction.
  case none

  init(_ content: Text) {
    let bytes = content.bytes
    guard bytes.first == UInt8(ascii: "+") else { self = .none; return }
    let digits = bytes.dropFirst()
    guard let first = digits.first else { self = .amount(Amount(hundredths: 100)); return }
    guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else { self = .none; return }
    guard digits.count <= 4, let number = Text(utf8: digits).decimal, (1...1000).contains(number), let amount = Amount(wholeZen: number) else {
      self = .malformed
      return
    }
    self = .amount(amount)
  }
}

/// A contribution by reaction (K1–K10).
public struct Contribution: Sendable {
  let amount: Amount
  let target: GoalType
  let reference: CampaignReference

  /// - Returns: nil for an ordinary reaction. Throws a `Rejection`.
  init?(parsing event: VerifiedEvent, in circumstances: Circumstances, options: CrowdfundingOptions, trace: CheckTrace?) throws {
    trace?.enter("K2")
    switch ReactionAmount(event.content) {
    case .none: return nil
    case .malformed: throw CrowdfundingRejection.invalidAmount
    case .amount(let amount): self.amount = amount
    }
    trace?.enter("K3")
    reference = try CampaignReference(parsing: event, in: circumstances, options: options)
    trace?.enter("K7")
    if let tag = event.tags.first(named: "target") {
      guard let target = tag[1].flatMap({ GoalType($0) }), target != .g1 else { throw CrowdfundingRejection.unknownTarget }
      self.target = target
    } else {
      target = .zenConvertible
    }
    trace?.enter("K8")
    guard event.tags.first(named: "expiration") == nil else { throw CrowdfundingRejection.paymentExpires }
  }
}

/// A vote on the use of ASSETS (V1–V6).
public struct Vote: Sendable {
  let weight: Amount
  let reference: CampaignReference

  /// Throws a `Rejection`.
  init(parsing event: VerifiedEvent, in circumstances: Circumstances, options: CrowdfundingOptions, trace: CheckTrace?) throws {
    trace?.enter("V1")
    guard case .amount(let weight) = ReactionAmount(event.content) else { throw CrowdfundingRejection.malformedVote }
    self.weight = weight
    trace?.enter("V2")
    reference = try CampaignReference(parsing: event, in: circumstances, options: options)
    if let type = event.tags.first(named: "vote-type") {
      guard let type = type[1], type == "ASSETS_USAGE" else { throw CrowdfundingRejection.unknownVoteType }
    }
    trace?.enter("V5")
    guard event.tags.first(named: "expiration") == nil else { throw CrowdfundingRejection.voteExpires }
  }
}
