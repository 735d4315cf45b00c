// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Projects that claim one Bien, or one wallet. Source: constellation spec, rule 4, *Rivals*.
extension CrowdfundingValidator {
  /// From sync, an untrusted campaign claims what it names beside others that nothing vouches for: each stays, the lowest owns it, all are contested.
  ///
  /// Throws a `Rejection` where a trusted campaign has it.
  /// - Parameters:
  ///   - position: of the version that comes.
  ///   - old: the campaign as it is stored.
  func claim(
    _ campaign: inout CampaignRecord, with position: FoldPosition, since old: CampaignRecord?, to effects: inout Effects,
    reading state: borrowing some StateReader & ~Copyable
  ) throws {
    let (before, after) = (BienClaims.Key.all(of: old), BienClaims.Key.all(of: campaign))
    guard before != after || old?.hasBienRivals == true else { return }
    let project = campaign.project
    let oldFirst = try old?.founder(reading: state) ?? position
    let first = min(oldFirst, position)
    var claims = BienClaims()
    var touched = try leave(before.filter { !after.contains($0) }, BienClaims.Claimant(project: project, first: oldFirst), &claims, reading: state)
    for key in after {
      guard let owner = try claims.owner(of: key, reading: state) else {
        claims.own(key, project)
        continue
      }
      guard owner != project else { continue }
      guard let other = try CampaignRecord.read(owner, state) else { throw Fault.corrupt(key.table, "a binding without its campaign") }
      if before.contains(key) {
        claims.stopWaiting(key, from: oldFirst)
      } else {
        let waiting = try claims.claimants(key, limit: Rival.maxCount, reading: state)
        let isFull = waiting.count == Rival.maxCount && waiting.last.map { $0.first < first } == true
        guard other.trust == .none, !isFull else { throw CrowdfundingRejection.otherProject }
      }
      if other.trust == .none, let otherFirst = try other.founder(reading: state), first < otherFirst {
        claims.own(key, project)
        claims.wait(key, BienClaims.Claimant(project: owner, first: otherFirst))
      } else {
        claims.wait(key, BienClaims.Claimant(project: project, first: first))
      }
      touched.insert(owner)
    }
    campaign.hasBienRivals = try isContested(campaign, claims, reading: state)
    effects.changes += claims.changes
    try settle(touched.subtracting([project]), claims, to: &effects, reading: state)
  }

  /// A campaign that somebody vouches for takes what it names; those whose it was lose their Bien. Live, an untrusted one takes what nobody has.
  ///
  /// - Parameter stripped: those that lose it, as they were.
  func take(
    for campaign: inout CampaignRecord, from stripped: [CampaignRecord], since old: CampaignRecord?, to effects: inout Effects,
    reading state: borrowing some StateReader & ~Copyable
  ) throws {
    let (before, after) = (BienClaims.Key.all(of: old), BienClaims.Key.all(of: campaign))
    guard before != after || !stripped.isEmpty || campaign.trust != .none && old?.hasBienRivals == true else { return }
    let project = campaign.project
    var claims = BienClaims()
    var touched: Set<ProjectID> = []
    for other in stripped {
      guard let first = try other.founder(reading: state) else { throw Fault.corrupt(CrowdfundingState.campaigns, "a campaign without versions") }
      touched.formUnion(try leave(BienClaims.Key.all(of: other), BienClaims.Claimant(project: other.project, first: first), &claims, reading: state))
    }
    if let old, let first = try old.founder(reading: state) {
      let claimant = BienClaims.Claimant(project: project, first: first)
      touched.formUnion(try leave(before.filter { !after.contains($0) }, claimant, &claims, reading: state))
      if campaign.trust != .none, old.hasBienRivals {
        for key in after where before.contains(key) {
          if try claims.owner(of: key, reading: state) != project { claims.stopWaiting(key, from: first) }
        }
      }
    }
    for key in after where campaign.trust != .none || !before.contains(key) {
      if let owner = try claims.owner(of: key, reading: state), owner != project, !stripped.contains(where: { $0.project == owner }),
        let other = try CampaignRecord.read(owner, state)
      {
        // It waited behind one that is gone, and waits on.
        if let first = try other.founder(reading: state) { claims.wait(key, BienClaims.Claimant(project: owner, first: first)) }
      }
      claims.own(key, project)
    }
    effects.changes += claims.changes
    let lost = Set(stripped.map(\.project))
    for var other in stripped {
      other.bien = nil
      other.wallet = nil
      other.isStripped = true
      effects.changes.append(other.change)
    }
    try settle(touched.subtracting(lost).subtracting([project]), claims, to: &effects, reading: state)
  }

  /// - Returns: who has what was left.
  private func leave(
    _ keys: [BienClaims.Key], _ claimant: BienClaims.Claimant, _ claims: inout BienClaims, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Set<ProjectID> {
    var owners: Set<ProjectID> = []
    for key in keys {
      if let owner = try claims.leave(key, claimant, reading: state) { owners.insert(owner) }
    }
    return owners
  }

  private func isContested(_ campaign: CampaignRecord, _ claims: BienClaims, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    try BienClaims.Key.all(of: campaign).contains { try claims.isContested($0, of: campaign.project, reading: state) }
  }

  /// Notes of others whether they are contested now.
  private func settle(
    _ projects: Set<ProjectID>, _ claims: BienClaims, to effects: inout Effects, reading state: borrowing some StateReader & ~Copyable
  ) throws {
    for project in projects.sorted() {
      guard var campaign = try CampaignRecord.read(project, state) else { continue }
      let before = campaign
      campaign.hasBienRivals = try isContested(campaign, claims, reading: state)
      if campaign.hasBienRivals != before.hasBienRivals { try finish(&campaign, since: before, to: &effects, reading: state) }
    }
  }
}
