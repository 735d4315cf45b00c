// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Untrusted campaigns for one project id, from sync: the lowest (created_at, id) is in force, the others are kept beside. Source: constellation spec,
/// rule 4, *Rivals*.
extension CrowdfundingValidator {
  /// Decides a version from sync that nothing vouches for, where it does not simply update the campaign in force.
  ///
  /// - Returns: nil where it does, or where it may claim nothing: then the rules of a single campaign accept or refuse it.
  func decideRival(
    _ version: CampaignVersion, _ record: VersionRecord, _ event: VerifiedEvent, against existing: CampaignRecord, in circumstances: Circumstances,
    reading state: borrowing some StateReader & ~Copyable
  ) throws -> Effects? {
    let names = BindingNames(version)
    let (author, position) = (record.author, record.position)
    let claimed = names.captain ?? author
    let isEnding = version.terms.status.isCaptainsAlone && author != existing.captain
    let fits =
      existing.permits(author) && !isEnding && names.fits(captain: existing.captain, bien: existing.bien, wallet: existing.wallet)
    if fits, claimed == existing.captain && names.cell == existing.cell || existing.latest.map({ $0.createdAt < position.createdAt }) == true {
      return nil
    }
    let isLower = try existing.founder(reading: state).map { position < $0 } ?? false
    if fits, !isLower { return nil }
    // As of a first version (C11).
    guard author == claimed || names.cells.contains(author), !version.terms.status.isCaptainsAlone || author == claimed else { return nil }
    if options.creators == .captains, !circumstances.isRejudged, !options.captains.contains(claimed) { return nil }

    var effects = Effects(note: CrowdfundingNote(.version, event, existing.project).bytes)
    effects.changes += try AddressProjects.changes(author, version.terms.identifier, naming: existing.project, state)
    effects.changes.append(
      .put(CrowdfundingState.addresses, key: CrowdfundingState.addressKey(author, version.terms.identifier), value: existing.project.bytes))
    effects.yieldsWhenFull = true
    effects.provides = [.event(event.id)]
    if let address = event.event.address { effects.provides.append(.campaignAddress(address)) }
    if isLower || existing.permits(author) {
      try realign(existing, with: CampaignLine.Member(record: record, names: names), event, in: circumstances, to: &effects, reading: state)
    } else {
      try keepBeside(record, existing, to: &effects, reading: state)
    }
    return effects
  }

  /// A version of somebody who stands behind the campaign in force: nothing but its own author's rows is looked at, and as many places of rivals as
  /// there may be.
  private func keepBeside(
    _ version: VersionRecord, _ existing: CampaignRecord, to effects: inout Effects, reading state: borrowing some StateReader & ~Copyable
  ) throws {
    let project = existing.project
    let known = try Rival.first(of: version.author, project, state)
    if known == nil {
      let rivals = try Rival.all(of: project, state)
      if rivals.count == Rival.maxCount, let last = rivals.last, last.first < version.position { throw CrowdfundingRejection.tooManyRivals }
    }
    effects.changes.append(Rival.keep(version, of: project))
    effects.changes += Rival.move(version.author, of: project, from: known, to: min(known ?? version.position, version.position))
    var campaign = existing
    campaign.hasRivals = true
    try finish(&campaign, since: existing, to: &effects, reading: state)
  }

  /// A version that changes who is in force, or what binds: the line is drawn again through all that is known of its authors.
  private func realign(
    _ existing: CampaignRecord, with version: CampaignLine.Member, _ event: VerifiedEvent, in circumstances: Circumstances, to effects: inout Effects,
    reading state: borrowing some StateReader & ~Copyable
  ) throws {
    let project = existing.project
    let pool = try LinePool(existing, adding: version, reading: state)
    let line = pool.line
    var campaign = existing
    campaign.captain = line.captain
    campaign.cell = line.cell
    campaign.bien = line.bien
    campaign.wallet = line.wallet
    try claim(&campaign, with: version.record.position, since: existing, to: &effects, reading: state)
    effects.changes += pool.changes(project)
    let touched = pool.authors
    campaign.hasRivals =
      try pool.hasRivals || Rival.all(of: project, limit: touched.count + 1, state).contains { !touched.contains($0.author) }

    if try line.members.contains(where: { try isDeletedByAuthor($0, reading: state) }) { try noteDeletion(&campaign, reading: state) }
    let status = try DerivedStatus.read(existing, state)
    // The votes stay with the project, and are folded by the versions in force.
    campaign.tally = nil
    try refold(&campaign, CampaignHistory.read(campaign, having: line.members, state))
    try finish(&campaign, since: existing, to: &effects, reading: state)
    effects.provides.append(.campaign(project))
    if let bien = campaign.bien { effects.provides.append(.bien(bien)) }
    if try DerivedStatus.read(campaign, state) != status {
      effects.followUps += CrowdfundingFollowUp(options.followUps).snapshotRequest(project, event, circumstances, atOnce: true)
    }
  }

  /// Whether its author deleted a version, by its id or its address.
  func isDeletedByAuthor(_ version: VersionRecord, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    if version.deletion != nil { return true }
    return try !AddressDeletion.all(of: version.author, version.terms.identifier.bytes, from: version.createdAt, limit: 1, state).isEmpty
  }
}

/// Everything that may be in a project's line when a version comes: the campaign in force, that version, and the rivals who are keys of either.
private struct LinePool {
  let line: CampaignLine
  private let inForce: Set<EventID>
  private var rivals: [PublicKey: [VersionRecord]] = [:]

  var authors: Set<PublicKey> { Set(rivals.keys) }
  var hasRivals: Bool { !line.others.isEmpty }

  init(_ existing: CampaignRecord, adding version: CampaignLine.Member, reading state: borrowing some StateReader & ~Copyable) throws {
    let project = existing.project
    var known: [VersionRecord] = []
    try state.scan(CrowdfundingState.versions, prefix: project.keyPrefix) { _, row in
      let record = try VersionRecord(decoding: row, completing: state)
      if record.epoch == existing.epoch { known.append(record) }
      return true
    }
    inForce = Set(known.map(\.id))
    var members = [version]
    for record in known { members.append(CampaignLine.Member(record: record, names: try BindingNames(of: record.id, reading: state))) }
    // Of every author the whole: so its place among the rivals is known.
    var missing = Set(members.map(\.record.author))
    while true {
      for author in missing {
        let versions = try Rival.versions(of: author, project, state)
        rivals[author] = versions
        for record in versions { members.append(CampaignLine.Member(record: record, names: try BindingNames(of: record.id, reading: state))) }
      }
      guard let line = CampaignLine(members) else { throw Fault.invariant("a line without versions") }
      missing = Set([line.captain, line.cell].compactMap { $0 }).subtracting(rivals.keys)
      guard !missing.isEmpty else {
        self.line = line
        return
      }
    }
  }

  /// The rows that move, and the new one.
  func changes(_ project: ProjectID) -> [StateChange] {
    var changes: [StateChange] = []
    let beside = Set(rivals.values.joined().map(\.id))
    for record in line.members where !inForce.contains(record.id) {
      if beside.contains(record.id) { changes.append(Rival.drop(record, of: project)) }
      changes.append(record.change(project))
    }
    for record in line.others where !beside.contains(record.id) {
      if inForce.contains(record.id) { changes.append(record.removal(project)) }
      changes.append(Rival.keep(record, of: project))
    }
    for (author, versions) in rivals {
      let first = line.others.first { $0.author == author }?.position
      changes += Rival.move(author, of: project, from: versions.first?.position, to: first)
    }
    return changes
  }
}

extension CampaignRecord {
  /// The lowest (created_at, id) of the versions in its line.
  func founder(reading state: borrowing some StateReader & ~Copyable) throws -> FoldPosition? {
    var lowest: FoldPosition?
    try state.scan(CrowdfundingState.versions, prefix: project.keyPrefix) { _, row in
      let version = try FoldedVersion(decoding: row)
      guard version.head.epoch == epoch else { return true }
      let position = FoldPosition(createdAt: version.createdAt, id: version.id)
      // Of one second the highest id comes first.
      if let known = lowest, known.createdAt < position.createdAt { return false }
      lowest = position
      return true
    }
    return lowest
  }
}

/// The rivals' versions that belong to a campaign which somebody vouches for now: had it come first, they would have updated it.
struct RivalsJoining {
  private(set) var versions: [VersionRecord] = []
  private(set) var changes: [StateChange] = []
  /// The map cell of the lowest version of all.
  private(set) var cell: PublicKey?

  init(
    _ campaign: CampaignRecord, _ version: CampaignVersion, _ record: VersionRecord, reading state: borrowing some StateReader & ~Copyable
  ) throws {
    let project = campaign.project
    var lowest = record.position
    cell = campaign.cell
    for author in Set([campaign.captain, campaign.cell].compactMap { $0 }) {
      let known = try Rival.versions(of: author, project, state)
      var left: [VersionRecord] = []
      for var rival in known {
        let names = try BindingNames(of: rival.id, reading: state)
        let isEnding = rival.terms.status.isCaptainsAlone && author != campaign.captain
        guard !isEnding, names.fits(captain: campaign.captain, bien: campaign.bien, wallet: campaign.wallet) else {
          left.append(rival)
          continue
        }
        changes.append(Rival.drop(rival, of: project))
        rival.epoch = campaign.epoch
        changes.append(rival.change(project))
        versions.append(rival)
        if rival.position < lowest { (lowest, cell) = (rival.position, names.cell) }
      }
      changes += Rival.move(author, of: project, from: known.first?.position, to: left.first?.position)
    }
  }
}
