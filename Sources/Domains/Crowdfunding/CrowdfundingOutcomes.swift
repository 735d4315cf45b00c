// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// The canonical bytes of what this node decides of each campaign: its status, whether the vote is approved, for which owners, and whether it is deleted.
///
/// The status is that of the version and the vote that hold here, with the money that counts in the fold: what the ledger has beyond that depends on what
/// arrived first, and is no decision. Source: contract, `state digest`.
struct CrowdfundingOutcomes {
  private let rules: VoteRules

  init(_ options: CrowdfundingOptions) { rules = VoteRules(options) }

  func feed(reading state: borrowing some StateReader & ~Copyable, into feed: ([UInt8]) -> Void) throws {
    try state.scan(CrowdfundingState.campaigns, prefix: []) { key, value in
      let project = try CrowdfundingState.project(key, in: CrowdfundingState.campaigns)
      let campaign = try CampaignRecord(project: project, decoding: value, completing: state)
      // As in the digest: had the trusted campaign come first, this one would have been refused.
      if try campaign.hasLostBien(reading: state) { return true }
      var history = try CampaignHistory.read(campaign, state)
      history.contributions = try state.contributions(project)
      let money = CountedMoney(history, try CampaignFold(history, campaign, rules, .agreed))
      let status = campaign.head.map { head in DerivedStatus(head: head, vote: campaign.vote) { money.reachesAll(of: head.terms) }.status }
      var writer = RecordWriter()
      writer.put(counted: project.bytes)
      writer.put(status?.rawValue ?? 0)
      writer.put(campaign.isDeleted)
      writer.put(campaign.vote.isApproved)
      let owners = campaign.vote.isApproved ? campaign.approvedOwners ?? campaign.latest?.terms.owners : nil
      writer.put(optional: owners) { $0.put($1) }
      feed(writer.bytes)
      return true
    }
  }
}
