// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension CrowdfundingValidator {
  /// Ends what an event does to a campaign: settles what is disputed now, and adds the campaign's own row to the effects.
  ///
  /// What nodes announced is read only where it may matter: the campaign is new here, or something that decides has changed.
  /// - Parameters:
  ///   - before: the record as it was stored; nil where there was none.
  ///   - heard: the announcements, where this event adds one.
  ///   - pending: what this event does to votes.
  func finish(
    _ campaign: inout CampaignRecord, since before: CampaignRecord?, hearing heard: Announcements? = nil, _ pending: PendingVotes = PendingVotes(),
    to effects: inout Effects, reading state: borrowing some StateReader & ~Copyable
  ) throws {
    let rules = VoteRules(options)
    let hasChanged = before.map { $0.decisions(rules) != campaign.decisions(rules) || $0.epoch != campaign.epoch } ?? true
    // A deletion that other nodes do not share depends on their votes, one by one.
    if heard != nil || hasChanged || campaign.isDeletedInFold && hasNodes {
      var announcements = try heard ?? (hasNodes ? .read(campaign.project, by: options.followUps.isNode, state) : Announcements())
      if campaign.isDeletedInFold { try keepStanding(&announcements.recorded, of: campaign.project, pending, reading: state) }
      // Whether money or votes were accepted live is not kept before the first deletion.
      if campaign.keptFrom == nil, !campaign.hasDeletions, announcements.resolutions[.deletion] != nil, try state.hasLiveActivity(campaign.project) {
        campaign.keptFrom = 0
      }
      campaign.settleDispute(announcements, node: options.followUps.nodeKey, rules)
    }
    effects.changes.append(campaign.change)
    guard campaign.isDisputed != before?.isDisputed ?? false else { return }
    let project = campaign.project
    guard campaign.isDisputed else {
      effects.changes.append(.delete(CrowdfundingState.disputed, key: project.bytes))
      return
    }
    effects.changes.append(.put(CrowdfundingState.disputed, key: project.bytes, value: [1]))
    effects.diagnostics.append(
      Diagnostic(
        .warning, "crowdfunding.disputed",
        "a decision on a campaign is another here, or at another node, than all events give, or others claim the campaign: nothing irreversible happens "
          + "until it is resolved",
        fields: [Diagnostic.Field("project", project.description)]))
  }

  /// Whether there is anybody whose announcements count.
  private var hasNodes: Bool { options.followUps.nodeKey != nil || !options.followUps.nodes.isEmpty }

  /// Of the nodes that took votes live those of whose votes one stands, as far as is known here: one that was taken back is as never cast, and keeps nothing;
  /// one that is not known here, or waits, does.
  private func keepStanding(
    _ nodes: inout [PublicKey: UInt64], of project: ProjectID, _ pending: PendingVotes, reading state: borrowing some StateReader & ~Copyable
  ) throws {
    guard !nodes.isEmpty else { return }
    var votes = Dictionary(try VoteRecord.all(of: project, state).map { ($0.position, $0) }) { $1 }
    for vote in pending.changed { votes[vote.position] = vote }
    func takeBack(by node: PublicKey) {
      guard let count = nodes[node] else { return }
      nodes[node] = count > 1 ? count - 1 : nil
    }
    for vote in votes.values where vote.deletion != nil {
      if let (event, node) = pending.labelled, event == vote.position.id { takeBack(by: node) }
      try LabelRecord.forEachNode(.voteRecorded, of: vote.position.id, state) { takeBack(by: $0) }
    }
  }

  /// `campaign resolve`: holds against whatever comes later, and is announced.
  func resolve(
    _ campaign: inout CampaignRecord, as resolution: Resolution, at time: UInt64, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Effects {
    let before = campaign
    let status = try DerivedStatus.read(campaign, state)
    switch resolution.question {
    case .vote:
      campaign.votesResolved.own = resolution
      // The owners known here are those that it is for.
      if resolution == .approved, campaign.approvedOwners == nil { campaign.approvedOwners = campaign.latest?.terms.owners }
    case .deletion: campaign.deletionResolved.own = resolution
    }
    var effects = Effects()
    try finish(&campaign, since: before, to: &effects, reading: state)
    let followUps = CrowdfundingFollowUp(options.followUps)
    // Behind the one before: of two of one second, others could not tell which is the last.
    var announcedAt = time
    if let node = options.followUps.nodeKey {
      let known = try AnnouncedResolution.read(campaign.project, resolution, by: node, state)
      announcedAt = max(time, known.map { $0.position.createdAt.addingReportingOverflow(1).partialValue } ?? 0)
      let position = FoldPosition(createdAt: announcedAt, id: EventID(.zero))
      effects.changes.append(AnnouncedResolution(position, resolution).change(campaign.project, node))
    }
    effects.followUps = followUps.label(resolution, of: campaign, at: announcedAt)
    if let latest = campaign.latest {
      let isAtOnce = try DerivedStatus.read(campaign, state) != status
      effects.followUps += followUps.snapshotRequest(campaign.project, trigger: latest.id, receivedAt: time, atOnce: isAtOnce)
    }
    return effects
  }
}

/// What an event does to votes, and the state does not have yet.
struct PendingVotes {
  var changed: [VoteRecord] = []
  /// A vote that a node says it recorded.
  var labelled: (vote: EventID, node: PublicKey)?
}
