// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Which project a Bien, or its wallet, leads to, and which others claim it: as they are stored, with what an event changes.
///
/// The project whose line begins lowest owns it; the others wait, in that order. What has no owner has nobody who waits. Source: constellation spec,
/// rule 4, *Rivals*.
struct BienClaims {
  /// A Bien, or a wallet.
  struct Key: Hashable {
    let table: Table
    let bytes: [UInt8]

    /// What a campaign claims.
    static func all(of campaign: CampaignRecord?) -> [Key] {
      guard let campaign else { return [] }
      return [campaign.bien.map { Key(table: CrowdfundingState.biens, bytes: $0.bytes) }].compactMap { $0 }
        + [campaign.wallet.map { Key(table: CrowdfundingState.wallets, bytes: $0.key.bytes) }].compactMap { $0 }
    }

    // 0 (no project's key begins so) · 0 Bien, 1 wallet · key 32 · created_at · id → project
    fileprivate var prefix: [UInt8] { [0, table == CrowdfundingState.biens ? 0 : 1] + bytes }
    fileprivate func row(_ place: FoldPosition) -> [UInt8] {
      var writer = RecordWriter(capacity: 80)
      writer.put(fixed: prefix)
      writer.put(place)
      return writer.bytes
    }
  }

  /// A project that waits, and where its line begins.
  struct Claimant {
    let project: ProjectID
    let first: FoldPosition
  }

  private var owners: [Key: ProjectID?] = [:]
  private var waiting: [Key: [[UInt8]: ProjectID?]] = [:]

  var changes: [StateChange] {
    let owned = owners.map { key, owner in Self.change(key.table, key.bytes, owner) }
    return owned + waiting.values.joined().map { row, project in Self.change(CrowdfundingState.rivals, row, project) }
  }

  private static func change(_ table: Table, _ key: [UInt8], _ project: ProjectID?) -> StateChange {
    project.map { .put(table, key: key, value: $0.bytes) } ?? .delete(table, key: key)
  }

  func owner(of key: Key, reading state: borrowing some StateReader & ~Copyable) throws -> ProjectID? {
    try owners[key] ?? state.project(in: key.table, key.bytes)
  }

  /// Who waits for a key, the lowest first.
  func claimants(_ key: Key, limit: Int, reading state: borrowing some StateReader & ~Copyable) throws -> [Claimant] {
    let changed = waiting[key] ?? [:]
    var rows = changed.compactMapValues { $0 }
    var left = limit
    try state.scan(CrowdfundingState.rivals, prefix: key.prefix) { row, value in
      guard changed[row] == nil else { return true }
      rows[row] = try CrowdfundingState.project(value, in: CrowdfundingState.rivals)
      left -= 1
      return left > 0
    }
    return try rows.sorted { $0.key.lexicographicallyPrecedes($1.key) }.prefix(limit).map { row, project in
      var reader = RecordReader(row, of: CrowdfundingState.rivals)
      _ = try reader.fixed(key.prefix.count)
      return Claimant(project: project, first: try reader.foldPosition())
    }
  }

  /// Whether anybody else claims what a project claims.
  func isContested(_ key: Key, of project: ProjectID, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    try owner(of: key, reading: state) != project || !claimants(key, limit: 1, reading: state).isEmpty
  }

  mutating func own(_ key: Key, _ project: ProjectID) { owners[key] = .some(project) }
  mutating func wait(_ key: Key, _ claimant: Claimant) { waiting[key, default: [:]][key.row(claimant.first)] = .some(claimant.project) }
  mutating func stopWaiting(_ key: Key, from first: FoldPosition) { waiting[key, default: [:]][key.row(first)] = .some(nil) }

  /// A project claims a key no more; what it owned goes to the lowest that waits.
  ///
  /// - Returns: who has it now.
  mutating func leave(_ key: Key, _ claimant: Claimant, reading state: borrowing some StateReader & ~Copyable) throws -> ProjectID? {
    let known = try owner(of: key, reading: state)
    guard known == claimant.project else {
      stopWaiting(key, from: claimant.first)
      return known
    }
    guard let next = try claimants(key, limit: 1, reading: state).first else {
      owners[key] = .some(nil)
      return nil
    }
    stopWaiting(key, from: next.first)
    own(key, next.project)
    return next.project
  }
}

extension CampaignRecord {
  /// Whether its Bien, or its wallet, is a trusted campaign's: had that one come first, this one would have been refused.
  func hasLostBien(reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    if isStripped { return true }
    guard hasBienRivals, trust == .none else { return false }
    return try BienClaims.Key.all(of: self).contains { key in
      guard let owner = try state.project(in: key.table, key.bytes), owner != project else { return false }
      return try CampaignRecord.read(owner, state).map { $0.trust != .none } ?? false
    }
  }
}
