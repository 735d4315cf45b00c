// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// What a project id is bound to, at first sight and for ever, and what a trusted version may displace (C11, C12).
struct Binding {
  /// The campaign that the version updates; nil for a first version, or one that is judged as a first version.
  let kept: CampaignRecord?
  /// The untrusted binding of the same project that this version displaces.
  let displaced: CampaignRecord?
  let captain: PublicKey
  let bien: PublicKey?
  let wallet: G1Key?
  /// A Bien takes the project id from an untrusted campaign that is not its own: it proves nothing about that (C12).
  let isTakenOver: Bool
  let trust: CampaignTrust
  /// What this version's signature proves of the binding.
  let proof: CampaignTrust
  /// Other, untrusted campaigns that lose the Bien or its wallet, as they are before.
  private(set) var stripped: [CampaignRecord] = []

  private let isByListedCaptain: Bool
  private let author: PublicKey

  /// Finds what the version is judged against.
  ///
  /// - Parameter isLive: from sync a Bien that speaks for itself displaces any untrusted campaign of the project id: had it come first, that one would
  ///   have been refused.
  init(_ event: VerifiedEvent, _ version: CampaignVersion, _ existing: CampaignRecord?, isLive: Bool, _ options: CrowdfundingOptions) {
    author = event.pubkey
    isByListedCaptain = options.captains.contains(event.pubkey)
    let designated = version.designatedCaptain ?? event.pubkey
    let isBienAlone = !isLive && version.bien == event.pubkey
    if let existing, existing.trust == .none, isByListedCaptain || existing.bien == event.pubkey || isBienAlone,
      existing.captain != designated || Self.isOther(version.bien, than: existing.bien) || Self.isOther(version.wallet, than: existing.wallet)
    {
      kept = nil
      displaced = existing
    } else {
      kept = existing
      displaced = nil
    }
    captain = kept?.captain ?? designated
    bien = kept?.bien ?? version.bien
    wallet = kept?.wallet ?? version.wallet
    proof = isByListedCaptain ? .captain : bien == event.pubkey ? .bien : .none
    trust = max(kept?.trust ?? .none, proof)
    isTakenOver = proof == .bien && displaced.map { $0.bien != event.pubkey } ?? false
  }

  /// What was not bound yet is bound by the version; only what contradicts displaces a binding, and then whichever came first.
  private static func isOther<Value: Equatable>(_ named: Value?, than bound: Value?) -> Bool {
    guard let named, let bound else { return false }
    return named != bound
  }

  /// C11. Throws a `Rejection`.
  func checkAuthor(_ version: CampaignVersion, _ options: CrowdfundingOptions, _ circumstances: Circumstances) throws {
    if let kept {
      if !kept.permits(author) {
        // A version that binds this Bien may still come.
        if kept.bien == nil, version.bien == author, !circumstances.isLive {
          throw Parked(CrowdfundingRejection.foreignAuthor, waitingFor: .campaign(kept.project))
        }
        throw CrowdfundingRejection.foreignAuthor
      }
    } else {
      guard author == captain || version.cells.contains(author) || version.bien == author else { throw CrowdfundingRejection.foreignCreator }
      if options.creators == .captains, !circumstances.isRejudged, !options.captains.contains(captain) { throw CrowdfundingRejection.foreignCreator }
    }
    if version.terms.status.isCaptainsAlone, author != captain { throw CrowdfundingRejection.foreignFinaliser }
  }

  /// C12. Throws a `Rejection` where something is bound already and may not be displaced.
  ///
  /// - Parameter mayContest: from sync, an untrusted campaign claims it beside the one that has it.
  mutating func checkBound(_ version: CampaignVersion, mayContest: Bool, reading state: borrowing some StateReader & ~Copyable) throws {
    if let kept {
      if let designated = version.designatedCaptain, designated != kept.captain { throw CrowdfundingRejection.otherCaptain }
      if let bound = kept.bien, let named = version.bien, bound != named { throw CrowdfundingRejection.otherBien }
      if let bound = kept.wallet, let named = version.wallet, bound != named { throw CrowdfundingRejection.otherWallet }
    }
    let project = version.project
    let author = author
    let bien = bien
    if trust == .none, mayContest { return }
    // What was claimed before is claimed still, though others may have it.
    if let bien, kept?.bien != bien || trust != .none, let owner = try state.project(in: CrowdfundingState.biens, bien.bytes), owner != project {
      try strip(owner, reading: state) { $0.bien == bien && author == bien }
    }
    if let wallet, kept?.wallet != wallet || trust != .none, let owner = try state.project(in: CrowdfundingState.wallets, wallet.key.bytes),
      owner != project, !stripped.contains(where: { $0.project == owner })
    {
      // Only a Bien that was bound there before proves anything about its wallet.
      try strip(owner, reading: state) { $0.bien != nil && $0.bien == bien && author == bien }
    }
  }

  private mutating func strip(
    _ owner: ProjectID, reading state: borrowing some StateReader & ~Copyable, _ isProvenByBien: (CampaignRecord) -> Bool
  ) throws {
    guard let other = try CampaignRecord.read(owner, state) else {
      throw Fault.corrupt(CrowdfundingState.campaigns, "a binding without its campaign")
    }
    let isAllowed = other.trust == .none && (isByListedCaptain || kept?.trust == .operator || isProvenByBien(other))
    guard isAllowed else { throw CrowdfundingRejection.otherProject }
    stripped.append(other)
  }
}

extension CampaignVersion {
  fileprivate var wallet: G1Key? { bienWallet }
}
