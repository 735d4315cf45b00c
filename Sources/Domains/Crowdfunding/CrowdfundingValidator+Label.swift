// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension CrowdfundingValidator {
  /// A label of the constellation: kept for ever, whatever its source, also before what it names. Where that is known already, what the label changes
  /// is done again now; where it is not, the later event finds the label.
  func decide(
    _ label: CampaignLabel, _ event: VerifiedEvent, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Verdict {
    switch label {
    case .recorded(let vote, let project):
      var effects = Effects(note: CrowdfundingNote(.label, event, project).bytes)
      if try LabelRecord.isThere(.voteRecorded, of: vote, by: { $0 == event.pubkey }, state) { return .accepted(effects) }
      effects.changes.append(LabelRecord.change(.voteRecorded, of: vote, by: event.pubkey))
      if let project { try hearVote(vote, on: project, event, in: circumstances, to: &effects, reading: state) }
      return .accepted(effects)
    case .approved(let project):
      var effects = Effects(note: CrowdfundingNote(.label, event, project).bytes)
      try hear(.approved, on: project, event, in: circumstances, to: &effects, reading: state)
      return .accepted(effects)
    case .takenBack(let deletion):
      var effects = Effects(note: CrowdfundingNote(.label, event, nil).bytes)
      effects.changes.append(LabelRecord.change(.voteTakenBack, of: deletion, by: event.pubkey))
      try takeBack(deletion, event, in: circumstances, to: &effects, reading: state)
      return .accepted(effects)
    case .resolved(let project, let resolution):
      var effects = Effects(note: CrowdfundingNote(.label, event, project).bytes)
      let announced = AnnouncedResolution(FoldPosition(createdAt: event.createdAt, id: event.id), resolution)
      if let known = try AnnouncedResolution.read(project, resolution, by: event.pubkey, state), announced.position < known.position {
        return .accepted(effects)
      }
      effects.changes.append(announced.change(project, event.pubkey))
      try settle(project, event, in: circumstances, to: &effects, reading: state) {
        $0.resolutions[resolution.question, default: [:]][event.pubkey] = resolution
      }
      return .accepted(effects)
    }
  }

  /// A receipt of the constellation: that node makes the receipt of this reaction, and keeps its campaign.
  func decide(
    _ receipt: Receipt, _ event: VerifiedEvent, in circumstances: Circumstances, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Verdict {
    var effects = Effects(note: CrowdfundingNote(.receipt, event, receipt.project).bytes)
    effects.changes.append(ReceiptRecord.change(of: receipt.reaction, by: event.pubkey))
    try hear(.kept, on: receipt.project, event, in: circumstances, to: &effects, reading: state)
    return .accepted(effects)
  }

  /// A node announces a decision. What it announced before changes nothing.
  private func hear(
    _ kind: Announcements.Kind, on project: ProjectID, _ event: VerifiedEvent, in circumstances: Circumstances, to effects: inout Effects,
    reading state: borrowing some StateReader & ~Copyable
  ) throws {
    let node = event.pubkey
    if try state.contains(CrowdfundingState.announcements, Announcements.key(project, kind, node)) { return }
    effects.changes.append(Announcements.change(project, kind, node))
    try settle(project, event, in: circumstances, to: &effects, reading: state) {
      if kind == .approved { $0.approvedBy.insert(node) } else { $0.keptBy.insert(node) }
    }
  }

  /// A node says that it took one more vote live.
  private func hearVote(
    _ vote: EventID, on project: ProjectID, _ event: VerifiedEvent, in circumstances: Circumstances, to effects: inout Effects,
    reading state: borrowing some StateReader & ~Copyable
  ) throws {
    let node = event.pubkey
    let known = try Announcements.recordedCount(project, by: node, state)
    let count = known.addingReportingOverflow(1).partialValue
    effects.changes.append(Announcements.change(project, recorded: count, by: node))
    // One more vote of a node matters only where the votes are asked one by one.
    if known > 0, try CampaignRecord.read(project, state)?.isDeletedInFold != true { return }
    try settle(project, event, in: circumstances, PendingVotes(labelled: (vote, node)), to: &effects, reading: state) { $0.recorded[node] = count }
  }

  /// Settles a campaign again after an announcement; nothing where it is not known yet.
  private func settle(
    _ project: ProjectID, _ event: VerifiedEvent, in circumstances: Circumstances, _ pending: PendingVotes = PendingVotes(),
    to effects: inout Effects, reading state: borrowing some StateReader & ~Copyable, _ add: (inout Announcements) -> Void
  ) throws {
    guard var campaign = try CampaignRecord.read(project, state) else { return }
    let before = campaign
    let status = try DerivedStatus.read(campaign, state)
    var announcements = try Announcements.read(project, by: options.followUps.isNode, state)
    add(&announcements)
    try finish(&campaign, since: before, hearing: announcements, pending, to: &effects, reading: state)
    guard try DerivedStatus.read(campaign, state) != status else { return }
    effects.followUps += CrowdfundingFollowUp(options.followUps).snapshotRequest(project, event, circumstances, atOnce: true)
  }

  /// A kind 5 was labelled: the votes that it names are taken back now, and those that come later.
  private func takeBack(
    _ id: EventID, _ label: VerifiedEvent, in circumstances: Circumstances, to effects: inout Effects,
    reading state: borrowing some StateReader & ~Copyable
  ) throws {
    guard let raw = try state.raw(id), let event = try? Event(parsing: raw), event.kind == 5 else { return }
    // What it does to versions was done when it came.
    let targets = try DeletionOfOwn(Deletion(event, withAddresses: false), by: event.pubkey, reading: state)
    let position = FoldPosition(createdAt: event.createdAt, id: id)
    try take(targets, DeletionRecord(position, isLive: false, labelledAt: position), label, in: circumstances, to: &effects, reading: state)
  }
}
