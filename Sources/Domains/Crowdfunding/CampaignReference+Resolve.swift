// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension CampaignReference {
  /// The campaign that a reaction names (K3, K4): all references known here name the same one, unknown ones are ignored when another resolves.
  ///
  /// Throws a `Rejection`; from sync `Parked` when none is known yet.
  func resolve(in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable, trace: CheckTrace?) throws -> CampaignRecord {
    trace?.enter("K3")
    let direct = try project.flatMap { try CampaignRecord.read($0, state) }
    var named = direct?.project
    func name(_ project: ProjectID?) throws {
      guard let project else { return }
      guard named == nil || named == project else { throw CrowdfundingRejection.twoCampaigns }
      named = project
    }
    // The head and the Bien of the campaign that is named directly lead nowhere else: they need no look into large tables.
    if let event, event != direct?.head?.id, let note = try CrowdfundingNote(try state.known(event)), note.kind == .version { try name(note.project) }
    if let address, (1...128).contains(address.identifier.count) {
      try name(try state.project(in: CrowdfundingState.addresses, CrowdfundingState.addressKey(address.pubkey, address.identifier)))
    }
    if let pubkey = claims.pubkey, pubkey != direct?.bien { try name(try state.project(in: CrowdfundingState.biens, pubkey.bytes)) }
    trace?.enter("K4")
    guard let named, let record = try direct ?? CampaignRecord.read(named, state) else {
      guard !circumstances.isLive else { throw CrowdfundingRejection.unknownProject }
      let (dependency, shown) = dependency
      throw Parked(CrowdfundingRejection.missingCampaign(shown), waitingFor: dependency)
    }
    return record
  }

  /// What the reaction says of the campaign is true (K6). Throws a `Rejection`; from sync `Parked` while the binding may still change.
  func checkDetails(of campaign: CampaignRecord, in circumstances: Circumstances) throws {
    let rejection: Rejection
    if !claims.isKeyTrue(for: campaign) {
      rejection = CrowdfundingRejection.notTheBien
    } else if !claims.isWalletTrue(for: campaign) {
      rejection = CrowdfundingRejection.notItsWallet
    } else {
      return
    }
    guard !circumstances.isLive, campaign.bien == nil || campaign.wallet == nil || campaign.trust == .none else { throw rejection }
    throw Parked(rejection, waitingFor: .campaign(campaign.project))
  }
}

/// The terms that a reaction is judged by: live the head's, from sync those of the campaign's version of that time (*Convergence*).
struct JudgedTerms {
  /// nil: no version of that time is known, which refuses nothing.
  let dated: CampaignTerms?

  init(_ event: VerifiedEvent, _ campaign: CampaignRecord, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable)
    throws
  {
    if let head = campaign.head, circumstances.isLive || head.createdAt <= event.createdAt {
      dated = head.terms
    } else if circumstances.isLive {
      dated = nil
    } else {
      dated = try VersionRecord.effective(of: campaign.project, epoch: campaign.epoch, at: event.createdAt, state)?.terms
    }
  }
}
