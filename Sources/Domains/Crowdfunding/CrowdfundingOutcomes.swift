// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// The canonical bytes of what this node decides of each campaign: its status, whether the vote is approved, for which owners, and whether it is deleted.
/// Source: contract, `state digest`.
enum CrowdfundingOutcomes {
  static func feed(reading state: borrowing some StateReader & ~Copyable, into feed: ([UInt8]) -> Void) throws {
    try CampaignView.all(reading: state) { campaign, derived in
      // As in the digest: had the trusted campaign come first, this one would have been refused.
      if campaign.isStripped { return true }
      var writer = RecordWriter()
      writer.put(counted: campaign.project.bytes)
      writer.put(derived?.status.rawValue ?? 0)
      writer.put(campaign.isDeleted)
      writer.put(campaign.vote.isApproved)
      let owners = campaign.vote.isApproved ? campaign.approvedOwners ?? campaign.latest?.terms.owners : nil
      writer.put(optional: owners) { $0.put($1) }
      feed(writer.bytes)
      return true
    }
  }
}
