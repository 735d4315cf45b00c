// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// The canonical bytes of everything in crowdfunding that follows from the accepted events alone (architecture, law 5).
///
/// Every event is judged by the rules for sync, by its own created_at: neither the order nor the source nor the time of arrival is in it, and nothing
/// of the ledger's states. What a late arrival made ineffective is left out, so that it makes no difference whether it was refused or came first.
struct CrowdfundingDigest {
  private let rules: VoteRules

  init(_ options: CrowdfundingOptions) { rules = VoteRules(options) }

  func feed(reading state: borrowing some StateReader & ~Copyable, into feed: ([UInt8]) -> Void) throws {
    try state.scan(CrowdfundingState.campaigns, prefix: []) { key, value in
      let project = try CrowdfundingState.project(key, in: CrowdfundingState.campaigns)
      try self.feed(CampaignRecord(project: project, decoding: value), reading: state, into: feed)
      return true
    }
  }

  private func feed(_ campaign: CampaignRecord, reading state: borrowing some StateReader & ~Copyable, into feed: ([UInt8]) -> Void) throws {
    // A trusted campaign took its Bien: had that one come first, this one would have been refused.
    if try campaign.hasLostBien(reading: state) { return }
    let project = campaign.project
    var history = try CampaignHistory.read(campaign, state)
    history.contributions = try state.contributions(project)
    let fold = try CampaignFold(history, campaign, rules, .agreed)

    var binding = RecordWriter()
    binding.put(UInt8(1))
    binding.put(counted: project.bytes)
    // What a version that is not in force bound or proved is no part of it.
    let trust = fold.versions.map(\.head.trust).max() ?? .none
    binding.put(trust.rawValue)
    binding.put(campaign.captain)
    binding.put(optional: fold.versions.contains(where: \.head.namesBien) ? campaign.bien : nil) { $0.put($1) }
    binding.put(optional: fold.versions.contains(where: \.head.namesWallet) ? campaign.wallet : nil) { $0.put($1.key) }
    binding.put(optional: campaign.cell) { $0.put($1) }
    feed(binding.bytes)

    if campaign.isRivalled {
      // What others have that begin lower.
      for key in BienClaims.Key.all(of: campaign) {
        guard let owner = try state.project(in: key.table, key.bytes), owner != project else { continue }
        var writer = RecordWriter()
        writer.put(UInt8(7))
        writer.put(counted: owner.bytes)
        feed(writer.bytes)
      }
      for rival in try Rival.all(of: project, state) {
        var writer = RecordWriter()
        writer.put(UInt8(6))
        writer.put(rival.first)
        writer.put(rival.author)
        feed(writer.bytes)
      }
    }

    for version in fold.versions {
      var writer = RecordWriter()
      writer.put(UInt8(2))
      writer.put(version.createdAt)
      writer.put(version.id)
      feed(writer.bytes)
    }
    for contribution in history.contributions where fold.isCounted(contribution) {
      var writer = RecordWriter()
      writer.put(UInt8(3))
      writer.put(contribution.position)
      writer.put(contribution.pubkey)
      writer.put(contribution.amount)
      writer.put(contribution.target.rawValue)
      feed(writer.bytes)
    }
    for vote in fold.votes.countedVotes {
      var writer = RecordWriter()
      writer.put(UInt8(4))
      writer.put(vote.position)
      writer.put(vote.pubkey)
      feed(writer.bytes)
    }
    var result = RecordWriter()
    result.put(UInt8(5))
    result.put(fold.votes.tally.state)
    result.put(optional: fold.deletedAt) { $0.put($1) }
    feed(result.bytes)
  }
}
