// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// A campaign's history folded in one pass: which versions are in force, whether it is deleted, which contributions and votes are in their phase.
///
/// A pure function of what was accepted, so any order of arrival gives the same (*Convergence*). A version that does not fit the one before it is not
/// in force. A campaign is deleted unless a counted contribution or a standing vote is dated before the deletion, or a version after it; that version
/// begins anew. Everything is looked at once, so it costs no more than sorting does.
struct CampaignFold {
  /// Whose view it is.
  enum View {
    /// That of all relays that know the same events: the digest's.
    case agreed
    /// This relay's: what was accepted live here is not undone by what came from sync.
    case here
  }

  /// The versions in force, oldest first.
  private(set) var versions: [FoldedVersion] = []
  /// Where the newest of them was deleted.
  private(set) var deletedAt: FoldPosition?
  /// created_at of the version with which the campaign began, or began again after a deletion; 0 for the first.
  private(set) var begunAt: UInt64 = 0
  private(set) var votes: VoteFold

  private let bien: PublicKey?
  private let contributions: [ContributionRecord]
  private var nextContribution = 0
  private var hasMoney = false

  init(_ history: CampaignHistory, _ campaign: CampaignRecord, _ rules: VoteRules, _ view: View) throws {
    bien = campaign.bien
    contributions = history.contributions
    votes = VoteFold(history.votes, rules)
    for version in history.versions {
      if try campaign.hasDeletions && deletion(before: version.createdAt, history, campaign, view) != nil {
        begunAt = version.createdAt
      } else if let previous = versions.last, !CampaignRules.allowsSync(from: previous.terms, to: version.terms) {
        continue
      }
      versions.append(version)
    }
    if campaign.hasDeletions { deletedAt = try deletion(before: nil, history, campaign, view) }
    try advanceVotes(before: nil)
  }

  /// Where the newest version so far was deleted, before another one came.
  private mutating func deletion(
    before time: UInt64?, _ history: CampaignHistory, _ campaign: CampaignRecord, _ view: View
  ) throws -> FoldPosition? {
    guard let version = versions.last else { return nil }
    func isBefore(_ position: FoldPosition) -> Bool { time.map { position.createdAt < $0 } ?? true }
    // A deletion after which another version came is folded as everywhere: the campaign goes on with that one.
    if view == .here, time == nil, let keptFrom = campaign.keptFrom, keptFrom <= version.createdAt { return nil }
    guard let earliest = history.deletion(of: version), isBefore(earliest), try !isActive(before: earliest) else { return nil }
    return earliest
  }

  /// Whether money that counts or a standing vote is dated before a deletion.
  private mutating func isActive(before position: FoldPosition) throws -> Bool {
    while !hasMoney, nextContribution < contributions.count, contributions[nextContribution].position < position {
      hasMoney = isCounted(contributions[nextContribution])
      nextContribution += 1
    }
    if hasMoney { return true }
    try advanceVotes(before: position)
    return votes.tally.state.voters > 0
  }

  private mutating func advanceVotes(before position: FoldPosition?) throws {
    let versions = versions
    try votes.advance(before: position) { time in Self.isOpen(at: time, versions) }
  }

  /// Whether a contribution counts: it fits the version in force at its time, and is nobody's own.
  func isCounted(_ contribution: ContributionRecord) -> Bool {
    guard contribution.pubkey != bien else { return false }
    return version(at: contribution.createdAt)?.terms.refusal(of: contribution.target, at: contribution.createdAt) == nil
  }

  /// The newest version in force whose created_at is not after a time.
  func version(at time: UInt64) -> FoldedVersion? { Self.version(at: time, versions) }

  private static func version(at time: UInt64, _ versions: [FoldedVersion]) -> FoldedVersion? {
    let later = versions.partitionPoint { $0.createdAt > time }
    return later == 0 ? nil : versions[later - 1]
  }

  private static func isOpen(at time: UInt64, _ versions: [FoldedVersion]) -> Bool {
    version(at: time, versions).map { $0.terms.status == .votePending } ?? true
  }

  /// The newest version in force as the campaign's record keeps it.
  ///
  /// - Parameter known: what it keeps now: where that is the same version, nothing is read again.
  func head(_ known: CampaignRecord.Head?) throws -> CampaignRecord.Head? {
    guard let newest = versions.last else { return nil }
    let unclaimed = versions.last { $0.createdAt < begunAt || !$0.terms.status.isClaim }
    let status = unclaimed.map { $0.createdAt < begunAt ? .crowdfunding : $0.terms.status } ?? .crowdfunding
    if let known, known.id == newest.id, known.unclaimedStatus == status { return known }
    let terms = known?.id == newest.id ? known?.terms : nil
    return CampaignRecord.Head(
      id: newest.id, author: newest.head.author, createdAt: newest.createdAt, terms: try terms ?? newest.record.terms, unclaimedStatus: status)
  }
}

extension CrowdfundingValidator {
  /// Folds a campaign again after its history changed.
  ///
  /// - Parameter withVotes: whether the history has its votes; else they are left as they are.
  func refold(_ campaign: inout CampaignRecord, _ history: CampaignHistory, withVotes: Bool = true) throws {
    let rules = VoteRules(options)
    let agreed = try CampaignFold(history, campaign, rules, .agreed)
    let here = campaign.keptFrom != nil ? try CampaignFold(history, campaign, rules, .here) : agreed
    campaign.isDeletedInFold = agreed.deletedAt != nil
    campaign.foldOwners = agreed.versions.last?.terms.owners
    campaign.latest = try here.head(campaign.latest)
    campaign.deletedAt = here.deletedAt
    campaign.begunAt = here.begunAt
    guard withVotes || campaign.hasDeletions else { return }
    campaign.tally = agreed.votes.tally
    campaign.vote = try here.votes.here()
    campaign.settleApproval(rules)
  }

  /// From the first deletion on a campaign keeps whether money or votes were accepted live before it.
  func noteDeletion(_ campaign: inout CampaignRecord, reading state: borrowing some StateReader & ~Copyable) throws {
    guard !campaign.hasDeletions else { return }
    campaign.hasDeletions = true
    if campaign.keptFrom == nil, try state.hasLiveActivity(campaign.project) { campaign.keptFrom = 0 }
  }
}

extension CampaignRecord {
  /// Whether all known events, folded, approve the vote. Where they have to be folded first, it is what they add up to here.
  func isApprovedInFold(_ rules: VoteRules) -> Bool { tally?.state.isApproved ?? vote.reaches(rules) }

  /// Approved once, and then for ever: here by a live event, or in the fold of all that is known. What operators resolved holds against both.
  mutating func settleApproval(_ rules: VoteRules) {
    vote.isApproved = votesResolved.inForce.map { $0 == .approved } ?? (isApprovedHere || isApprovedInFold(rules))
  }

  /// A live event was accepted: what it brought about holds here.
  /// - Returns: whether it approved the vote, which is announced.
  mutating func settleLive(wasApproved: Bool, _ rules: VoteRules) -> Bool {
    guard !wasApproved, !isApprovedHere, votesResolved.inForce == nil, isApprovedInFold(rules) || vote.reaches(rules) else { return false }
    isApprovedHere = true
    approvedOwners = latest?.terms.owners
    settleApproval(rules)
    return true
  }

  /// Money or a vote was accepted live: what is in force now is not deleted here by what comes from sync.
  mutating func keep() {
    if hasDeletions, keptFrom == nil { keptFrom = begunAt }
  }
}
