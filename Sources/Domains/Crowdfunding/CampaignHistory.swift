// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// What was accepted for one campaign, in fold order: the versions of its present binding, contributions, votes and their deletions.
struct CampaignHistory {
  var versions: [VersionRecord]
  /// Read only where they matter: when some version was deleted.
  var contributions: [ContributionRecord]
  var ballots: [BallotRecord]

  /// - Parameter withBallots: false where no ballot can change: a campaign may have very many.
  static func read(
    _ campaign: CampaignRecord, withBallots: Bool = true, _ state: borrowing some StateReader & ~Copyable
  ) throws -> CampaignHistory {
    let project = campaign.project
    return CampaignHistory(
      versions: try VersionRecord.all(of: project, epoch: campaign.epoch, state),
      contributions: campaign.hasDeletions ? try state.contributions(project) : [], ballots: withBallots ? try state.ballots(project) : [])
  }

  mutating func insert(_ version: VersionRecord) {
    versions.insert(version, at: versions.firstIndex { VersionFold.precedes(version, $0) } ?? versions.endIndex)
  }

  mutating func insert(_ contribution: ContributionRecord) {
    contributions.insert(contribution, at: contributions.firstIndex { contribution.position < $0.position } ?? contributions.endIndex)
  }

  /// Puts a ballot in its place; a deletion that is there already gains targets.
  mutating func insert(_ ballot: BallotRecord) {
    let place = ballots.firstIndex { ballot.position <= $0.position } ?? ballots.endIndex
    if place < ballots.endIndex, ballots[place].position == ballot.position, case .deletion(let known) = ballots[place].content,
      case .deletion(let more) = ballot.content
    {
      let content = BallotRecord.Content.deletion(of: Set(known + more).sorted())
      ballots[place] = BallotRecord(ballot.position, ballot.pubkey, content, isLive: ballots[place].isLive, isCounted: false)
    } else {
      ballots.insert(ballot, at: place)
    }
  }
}

/// A campaign's history folded: which versions hold, which deletions of versions, which contributions and votes are in their phase.
///
/// A pure function of what was accepted, so any order of arrival gives the same (*Convergence*). A deletion of versions holds unless money or a vote
/// precedes it: a campaign with money or votes cannot be deleted.
struct CampaignFold {
  let versions: VersionFold
  let votes: VoteFold
  private let campaign: CampaignRecord
  private let countsLive: Bool

  /// - Parameters:
  ///   - campaign: its binding.
  ///   - countsLive: what was accepted live counts whatever was learnt later. False for the digest, which knows no sources.
  init(_ history: CampaignHistory, _ campaign: CampaignRecord, _ rules: VoteRules, countsLive: Bool) throws {
    self.campaign = campaign
    self.countsLive = countsLive
    var versions = VersionFold(history.versions)
    for deletion in Set(history.versions.compactMap(\.deletion)).sorted() {
      let hasMoney = history.contributions.contains {
        $0.position < deletion && Self.isInPhase($0, versions, campaign, countsLive)
      }
      let hasVotes = history.ballots.contains {
        $0.position < deletion && $0.isVote && Self.isInPhase($0, versions, campaign, countsLive)
      }
      if hasMoney || hasVotes { break }
      versions = VersionFold(history.versions) { version in version.deletion.map { $0 <= deletion } ?? false }
    }
    let held = versions
    self.versions = versions
    votes = try VoteFold(history.ballots, rules: rules) { Self.isInPhase($0, held, campaign, countsLive) }
  }

  func isInPhase(_ contribution: ContributionRecord) -> Bool { Self.isInPhase(contribution, versions, campaign, countsLive) }
  func isInPhase(_ ballot: BallotRecord) -> Bool { Self.isInPhase(ballot, versions, campaign, countsLive) }

  private static func isInPhase(_ contribution: ContributionRecord, _ versions: VersionFold, _ campaign: CampaignRecord, _ countsLive: Bool) -> Bool {
    if countsLive, contribution.isLive { return true }
    guard contribution.pubkey != campaign.bien, contribution.claims.hold(for: campaign) else { return false }
    return versions.effective(at: contribution.createdAt)?.terms.refusal(of: contribution.target, at: contribution.createdAt) == nil
  }

  private static func isInPhase(_ ballot: BallotRecord, _ versions: VersionFold, _ campaign: CampaignRecord, _ countsLive: Bool) -> Bool {
    if countsLive, ballot.isLive { return true }
    if case .vote(_, let claims) = ballot.content, !claims.hold(for: campaign) { return false }
    return versions.effective(at: ballot.position.createdAt).map { $0.terms.status == .votePending } ?? true
  }
}

extension CampaignTerms {
  /// Why these terms take no contribution to a goal at a time (K5, K7); nil when they do.
  func refusal(of target: GoalType, at time: UInt64) -> Rejection? {
    if status != .crowdfunding { return CrowdfundingRejection.notActive(status.name) }
    if let closedAt, time >= closedAt { return CrowdfundingRejection.notActive("closed") }
    return goal(target) == nil ? CrowdfundingRejection.noSuchGoal : nil
  }
}

extension CrowdfundingValidator {
  /// Folds a campaign again after its history changed: its head and its vote are those of the fold.
  ///
  /// - Parameter known: the history as it is stored.
  /// - Returns: the rows of versions and ballots that are new or differ.
  func refold(_ campaign: inout CampaignRecord, _ history: CampaignHistory, since known: CampaignHistory) throws -> [StateChange] {
    let fold = try CampaignFold(history, campaign, VoteRules(options), countsLive: true)
    campaign.head = fold.versions.head
    campaign.vote = fold.votes.state
    let project = campaign.project
    let versions = Dictionary(uniqueKeysWithValues: known.versions.map { ($0.id, $0) })
    let ballots = Dictionary(uniqueKeysWithValues: known.ballots.map { ($0.position, $0) })
    return fold.versions.versions.compactMap { versions[$0.id] == $0 ? nil : $0.change(project) }
      + fold.votes.ballots.compactMap { ballots[$0.position] == $0 ? nil : $0.change(project) }
  }
}
