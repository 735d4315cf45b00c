// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension CampaignReference {
  /// The campaign that a reaction names (K3, K4): the strongest reference that is present decides alone, whatever is known here, so that what a
  /// reaction means depends on nothing but itself. Live, the others that are known here have to agree.
  ///
  /// Throws a `Rejection`; from sync `Parked`, under the reference that decides, when that is not known yet.
  func resolve(in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable, trace: CheckTrace?) throws -> CampaignRecord {
    trace?.enter("K3")
    let named = try decidingProject(reading: state)
    let record = try named.flatMap { try CampaignRecord.read($0, state) }
    if circumstances.isLive, let named { try checkOthers(named, record, reading: state) }
    trace?.enter("K4")
    guard let record else {
      guard !circumstances.isLive else { throw CrowdfundingRejection.unknownProject }
      let (dependency, shown) = dependency
      throw Parked(CrowdfundingRejection.missingCampaign(shown), waitingFor: dependency)
    }
    return record
  }

  private func decidingProject(reading state: borrowing some StateReader & ~Copyable) throws -> ProjectID? {
    if let project = project ?? shownProject { return project }
    if let address { return try Self.project(of: address, state) }
    if let event { return try Self.project(of: event, state) }
    return try claims.pubkey.flatMap { try state.project(in: CrowdfundingState.biens, $0.bytes) }
  }

  /// References that are unknown here are ignored: pages name documents, snapshots and replaced versions there.
  private func checkOthers(_ named: ProjectID, _ record: CampaignRecord?, reading state: borrowing some StateReader & ~Copyable) throws {
    func check(_ other: ProjectID?) throws {
      guard other == nil || other == named else { throw CrowdfundingRejection.twoCampaigns }
    }
    // The head, the Bien and the map cell of the campaign that is named lead nowhere else: they need no look into large tables, and whoever makes a
    // campaign with that cell as its Bien does not make them name another.
    if project != nil, let address { try check(shownProject ?? Self.project(of: address, state)) }
    if project != nil || address != nil, let event, event != record?.head?.id { try check(Self.project(of: event, state)) }
    if project != nil || address != nil || event != nil, let pubkey = claims.pubkey, record.map(claims.isKeyTrue) != true {
      try check(state.project(in: CrowdfundingState.biens, pubkey.bytes))
    }
  }

  private static func project(of address: Address, _ state: borrowing some StateReader & ~Copyable) throws -> ProjectID? {
    try state.project(in: CrowdfundingState.addresses, CrowdfundingState.addressKey(address.pubkey, address.identifier))
  }

  private static func project(of version: EventID, _ state: borrowing some StateReader & ~Copyable) throws -> ProjectID? {
    guard let note = try CrowdfundingNote(try state.known(version)), note.kind == .version else { return nil }
    return note.project
  }

  /// What the reaction says of the campaign is true (K6). Asked live only. Throws a `Rejection`.
  func checkDetails(of campaign: CampaignRecord, in circumstances: Circumstances) throws {
    guard circumstances.isLive else { return }
    guard claims.isKeyTrue(for: campaign) else { throw CrowdfundingRejection.notTheBien }
    guard claims.isWalletTrue(for: campaign) else { throw CrowdfundingRejection.notItsWallet }
  }
}
