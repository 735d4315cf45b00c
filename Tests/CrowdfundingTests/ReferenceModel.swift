// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// A dumb oracle: reads the tags of accepted events again, sorts them by time and adds votes up in the plainest way.
/// Knows the shapes that `History` makes, and nothing of crowdfunding's code.
struct ReferenceModel {
  struct Campaign {
    var total: UInt64 = 0
    var voters: UInt64 = 0
    var isApproved = false
    var isDeleted = false
  }

  private struct Version {
    let event: Event
    let status: String
    let goals: [String: UInt64]
    let closedAt: UInt64
  }

  private(set) var campaigns: [String: Campaign] = [:]
  private let events: [Event]
  private let deletions: [Event]
  /// The kind 5s that a node labelled: only they take votes back.
  private let labelled: Set<String>
  private let threshold: UInt64
  private let quorum: UInt64

  init(_ events: [Event], threshold: UInt64, quorum: UInt64) {
    self.events = events
    self.threshold = threshold
    self.quorum = quorum
    deletions = events.filter { $0.kind == 5 }.sorted { Self.isEarlier(($0.createdAt, $0.id), ($1.createdAt, $1.id)) }
    labelled = Set(events.filter { $0.kind == 1985 && Self.value("l", $0) == "vote-taken-back" }.compactMap { Self.value("e", $0) })
    for project in Set(events.compactMap { Self.value("project-id", $0) }) { campaigns[project] = fold(project) }
  }

  static func value(_ name: String, _ event: Event) -> String? { event.tags.first { $0.name.equals(name) }?[1]?.string }

  private typealias Place = (time: UInt64, id: EventID)

  private static func isEarlier(_ left: Place, _ right: Place) -> Bool { left.time == right.time ? left.id < right.id : left.time < right.time }
  private static let ranks = ["draft": 0, "vote_pending": 1, "crowdfunding": 2, "funded": 3, "completed": 4, "cancelled": 4]

  /// Where an event is deleted by its author: by id, by address where that is not older; the earliest.
  private func deletion(of event: Event) -> Place? {
    var places: [Place] = []
    for deletion in deletions where deletion.pubkey == event.pubkey {
      if Self.value("e", deletion) == event.id.hex {
        places.append((max(deletion.createdAt, event.createdAt), deletion.id))
      } else if let address = event.address, Self.value("a", deletion) == address.description, deletion.createdAt >= event.createdAt {
        places.append((deletion.createdAt, deletion.id))
      }
    }
    return places.min(by: Self.isEarlier)
  }

  private func fold(_ project: String) -> Campaign {
    let named = events.filter { Self.value("project-id", $0) == project }
    let all = named.filter { $0.kind == 30904 }.sorted { $0.createdAt == $1.createdAt ? $1.id < $0.id : $0.createdAt < $1.createdAt }
    let votes = named.filter { $0.kind == 7 && Self.value("t", $0) == "vote-assets" }
    let gifts = named.filter { $0.kind == 7 && Self.value("t", $0) == "crowdfunding" }

    var line: [Version] = []
    func isDeleted(before time: UInt64?) -> Bool {
      guard let last = line.last, let place = deletion(of: last.event), time.map({ place.time < $0 }) ?? true else { return false }
      let hasMoney = gifts.contains { Self.isEarlier(($0.createdAt, $0.id), place) && counts($0, line) }
      return !hasMoney && tally(votes, line, before: place).voters == 0
    }
    for event in all {
      let version = Self.version(event)
      if isDeleted(before: event.createdAt) || line.last.map({ Self.follows(version, $0) }) ?? true { line.append(version) }
    }
    var campaign = tally(votes, line, before: nil)
    campaign.isDeleted = isDeleted(before: nil)
    return campaign
  }

  private static func version(_ event: Event) -> Version {
    var goals: [String: UInt64] = [:]
    for tag in event.tags where tag.name.equals("goal") { goals[tag[1]?.string ?? ""] = tag[2]?.decimal ?? 0 }
    let closedAt = value("closed_at", event).flatMap { UInt64($0) } ?? .max
    return Version(event: event, status: value("status", event) ?? "draft", goals: goals, closedAt: closedAt)
  }

  private static func follows(_ version: Version, _ last: Version) -> Bool {
    let (from, to) = (ranks[last.status] ?? 0, ranks[version.status] ?? 0)
    if version.status != last.status, from == 4 || to <= from { return false }
    return from < 2 || Set(last.goals.keys) == Set(version.goals.keys) && !version.goals.contains { $0.value < last.goals[$0.key] ?? 0 }
  }

  private func counts(_ gift: Event, _ line: [Version]) -> Bool {
    guard let version = line.last(where: { $0.event.createdAt <= gift.createdAt }) else { return true }
    let goal = Self.value("target", gift) ?? "ZEN_CONVERTIBLE"
    return version.status == "crowdfunding" && gift.createdAt < version.closedAt && version.goals[goal] != nil
  }

  /// Every step in order, and after each step everything added up again.
  private func tally(_ votes: [Event], _ line: [Version], before end: Place?) -> Campaign {
    var steps: [(place: Place, vote: Event, isBack: Bool)] = []
    for vote in votes {
      if let version = line.last(where: { $0.event.createdAt <= vote.createdAt }), version.status != "vote_pending" { continue }
      let named = deletions.filter { $0.pubkey == vote.pubkey && Self.value("e", $0) == vote.id.hex && labelled.contains($0.id.hex) }
      let own = named.map {
        Place($0.createdAt, $0.id)
      }
      let place = Place(vote.createdAt, vote.id)
      guard let back = own.min(by: Self.isEarlier) else {
        steps.append((place, vote, false))
        continue
      }
      if Self.isEarlier(back, place) { continue }
      steps.append((place, vote, false))
      steps.append((back, vote, true))
    }
    var standing: [Event] = []
    var campaign = Campaign()
    for step in steps.sorted(by: { Self.isEarlier($0.place, $1.place) }) {
      if let end, !Self.isEarlier(step.place, end) { break }
      if !step.isBack { standing.append(step.vote) } else if !campaign.isApproved { standing.removeAll { $0.id == step.vote.id } }
      var first: [PublicKey: Event] = [:]
      for vote in standing where first[vote.pubkey] == nil { first[vote.pubkey] = vote }
      campaign.total = first.values.reduce(0) { $0 + (UInt64($1.content.string.dropFirst()) ?? 0) * 100 }
      campaign.voters = UInt64(first.count)
      if campaign.total >= threshold, campaign.voters >= quorum { campaign.isApproved = true }
    }
    return campaign
  }
}
