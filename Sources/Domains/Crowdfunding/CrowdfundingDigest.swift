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
    let project = campaign.project
    var binding = RecordWriter()
    binding.put(UInt8(1))
    binding.put(counted: project.bytes)
    binding.put(campaign.trust.rawValue)
    binding.put(campaign.captain)
    binding.put(optional: campaign.bien) { $0.put($1) }
    binding.put(optional: campaign.wallet) { $0.put($1.key) }
    binding.put(optional: campaign.cell) { $0.put($1) }
    feed(binding.bytes)

    let versions = VersionFold(
      try VersionRecord.all(of: project, epoch: campaign.epoch, state), ignoringDeletions: try campaign.hasDeletions && state.hasActivity(project))
    for version in versions.versions where version.isEffective {
      var writer = RecordWriter()
      writer.put(UInt8(2))
      writer.put(version.createdAt)
      writer.put(version.id)
      feed(writer.bytes)
    }

    try state.scanTimed(CrowdfundingState.contributions, project) { position, value in
      let contribution = try ContributionRecord(position, decoding: value)
      let terms = versions.effective(at: position.createdAt)?.terms
      let isOpen = terms.map { $0.status == .crowdfunding && ($0.closedAt.map { position.createdAt < $0 } ?? true) } ?? true
      guard isOpen else { return true }
      var writer = RecordWriter()
      writer.put(UInt8(3))
      writer.put(position.createdAt)
      writer.put(position.id)
      writer.put(contribution.pubkey)
      writer.put(contribution.amount)
      writer.put(contribution.target.rawValue)
      feed(writer.bytes)
      return true
    }

    let votes = try VoteFold(try state.ballots(project), rules: rules) { ballot in
      versions.effective(at: ballot.position.createdAt).map { $0.terms.status == .votePending } ?? true
    }
    for ballot in votes.ballots where ballot.isCounted {
      var writer = RecordWriter()
      writer.put(UInt8(4))
      writer.put(ballot.position.createdAt)
      writer.put(ballot.position.id)
      writer.put(ballot.pubkey)
      feed(writer.bytes)
    }
    var result = RecordWriter()
    result.put(UInt8(5))
    result.put(votes.state)
    feed(result.bytes)
  }
}
