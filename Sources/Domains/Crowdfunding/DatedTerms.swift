// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// The terms of a campaign at other times than now (*Convergence*): what from sync is judged by. Everything is read and folded at most once.
struct DatedTerms {
  private let campaign: CampaignRecord
  private let rules: VoteRules
  private var history: CampaignHistory?
  private var fold: CampaignFold?

  init(_ campaign: CampaignRecord, _ rules: VoteRules) {
    self.campaign = campaign
    self.rules = rules
  }

  /// The terms in force at a time; nil where no version of that time is known, which refuses nothing. The newest are at hand.
  mutating func terms(at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> CampaignTerms? {
    if !campaign.hasDeletions, let latest = campaign.latest, latest.createdAt <= time { return latest.terms }
    if fold == nil {
      let known = try CampaignHistory.read(campaign, withVotes: false, state)
      fold = try CampaignFold(known, campaign, rules, .agreed)
      // Where versions were deleted everything was read.
      if campaign.hasDeletions { history = known }
    }
    return try fold?.version(at: time)?.record.terms
  }

  /// Whether the vote was open at a time.
  mutating func isVoteOpen(at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    try terms(at: time, reading: state).map { $0.status == .votePending } ?? true
  }

  /// Everything that was accepted, to be folded again.
  func wholeHistory(reading state: borrowing some StateReader & ~Copyable) throws -> CampaignHistory {
    try history ?? CampaignHistory.read(campaign, state)
  }
}
