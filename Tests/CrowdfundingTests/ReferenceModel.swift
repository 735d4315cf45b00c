// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// A dumb oracle: reads the tags of accepted events again, sorts them by time and adds votes up in the plainest way.
/// Knows the shapes that `History` makes, and nothing of crowdfunding's code.
struct ReferenceModel {
  struct Campaign {
    var total: UInt64 = 0
    var voters: UInt64 = 0
    var isApproved = false
  }

  private(set) var campaigns: [String: Campaign] = [:]
  private let events: [Event]

  init(_ events: [Event], threshold: UInt64, quorum: UInt64) {
    self.events = events
    for project in Set(events.compactMap { Self.value("project-id", $0) }) {
      campaigns[project] = fold(project, threshold, quorum)
    }
  }

  static func value(_ name: String, _ event: Event) -> String? { event.tags.first { $0.name.equals(name) }?[1]?.string }

  private static let ranks = ["draft": 0, "vote_pending": 1, "crowdfunding": 2, "funded": 3, "completed": 4, "cancelled": 4]

  /// The statuses that hold, with their times, where `gone` versions are left out.
  private func timeline(_ versions: [Event], gone: Set<EventID>) -> [(time: UInt64, status: String)] {
    var timeline: [(time: UInt64, status: String, goals: [String: UInt64])] = []
    for version in versions where !gone.contains(version.id) {
      let status = Self.value("status", version) ?? "draft"
      var goals: [String: UInt64] = [:]
      for tag in version.tags where tag.name.equals("goal") { goals[tag[1]?.string ?? ""] = tag[2]?.decimal ?? 0 }
      if let last = timeline.last {
        let (from, to) = (Self.ranks[last.status] ?? 0, Self.ranks[status] ?? 0)
        if status != last.status, from == 4 || to <= from { continue }
        if from >= 2 {
          if Set(last.goals.keys) != Set(goals.keys) || goals.contains(where: { $0.value < last.goals[$0.key] ?? 0 }) { continue }
        }
      }
      timeline.append((version.createdAt, status, goals))
    }
    return timeline.map { ($0.time, $0.status) }
  }

  private func fold(_ project: String, _ threshold: UInt64, _ quorum: UInt64) -> Campaign {
    func earlier(_ left: Event, _ right: Event) -> Bool { left.createdAt == right.createdAt ? left.id < right.id : left.createdAt < right.createdAt }
    let named = events.filter { Self.value("project-id", $0) == project }
    let versions = named.filter { $0.kind == 30904 }.sorted { $0.createdAt == $1.createdAt ? $1.id < $0.id : $0.createdAt < $1.createdAt }
    let votes = named.filter { $0.kind == 7 && Self.value("t", $0) == "vote-assets" }
    let gifts = named.filter { $0.kind == 7 && Self.value("t", $0) == "crowdfunding" }
    let deletions = events.filter { $0.kind == 5 }.sorted(by: earlier)

    func target(_ deletion: Event) -> String? { Self.value("e", deletion) }
    // Deletions of versions, until money or votes stand before one.
    var gone: Set<EventID> = []
    for deletion in deletions {
      guard let version = versions.first(where: { $0.id.hex == target(deletion) && $0.pubkey == deletion.pubkey }) else { continue }
      let line = timeline(versions, gone: gone)
      func isOpen(_ event: Event, _ status: String) -> Bool { (line.last { $0.time <= event.createdAt }?.status ?? status) == status }
      let isActive =
        votes.contains { earlier($0, deletion) && isOpen($0, "vote_pending") }
        || gifts.contains { earlier($0, deletion) && isOpen($0, "crowdfunding") }
      if isActive { break }
      gone.insert(version.id)
    }

    let line = timeline(versions, gone: gone)
    var campaign = Campaign()
    var cast: Set<PublicKey> = []
    var counted: [String: (voter: PublicKey, weight: UInt64)] = [:]
    var takenBack: [String: PublicKey] = [:]
    for event in (votes + deletions).sorted(by: earlier) {
      guard (line.last { $0.time <= event.createdAt }?.status ?? "vote_pending") == "vote_pending" else { continue }
      if event.kind == 7 {
        guard cast.insert(event.pubkey).inserted, takenBack[event.id.hex] != event.pubkey else { continue }
        counted[event.id.hex] = (event.pubkey, (UInt64(event.content.string.dropFirst()) ?? 0) * 100)
      } else if !campaign.isApproved, let id = target(event), votes.contains(where: { $0.id.hex == id && $0.pubkey == event.pubkey }) {
        takenBack[id] = event.pubkey
        counted[id] = nil
      }
      campaign.total = counted.values.reduce(0) { $0 + $1.weight }
      campaign.voters = UInt64(counted.count)
      if campaign.total >= threshold, campaign.voters >= quorum { campaign.isApproved = true }
    }
    return campaign
  }
}
