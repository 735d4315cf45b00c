// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport

/// The people of the tests, and the events that they publish.
enum Sample {
  static let captain = TestKey("captain")
  static let bien = TestKey("bien")
  static let cell = TestKey("cell")
  static let stranger = TestKey("stranger")

  /// One key in base58 and as SS58 addresses of the prefixes 42 and 4450, and another key.
  static let wallet = "GfHq2tTVk9z4eXgyHpTN7v6VVTCJmtGUFPJFqL8pmbtJ"
  static let otherWallet = "DsEx1pS33vzYZg4MroyBV9hCw98j1gtHEhwiZ5tK7ech"

  /// The first moment of the tests; a multiple of a thousand, to be read in messages.
  static let start: UInt64 = 1_700_000_000

  /// The tags of a whole campaign in the markdown dialect.
  static func tags(_ project: String = "CF-TEST-1", status: String? = nil) -> [[String]] {
    var tags = [
      ["d", "crowdfund-48.85-2.35-jardin-\(project)"], ["title", "Le jardin"], ["t", "crowdfunding"], ["t", "UPlanet"], ["project-id", project],
      ["g", "48.85,2.35"], ["p", bien.hex, "", "bien"], ["p", cell.hex, "", "umap"], ["i", "g1pub:\(wallet)"],
      ["goal", "ZEN_CONVERTIBLE", "1000", "0"], ["owner", stranger.hex, "cash", "1000.50", "EUR"],
    ]
    if let status { tags.append(["status", status]) }
    return tags
  }

  /// A campaign in the markdown dialect.
  static func campaign(
    _ project: String = "CF-TEST-1", status: String? = nil, at seconds: UInt64 = 0, by author: TestKey = captain, content: String = "# Le jardin",
    change: (inout [[String]]) -> Void = { _ in }
  ) -> Event {
    var tags = tags(project, status: status)
    change(&tags)
    return author.event(kind: 30904, createdAt: start + seconds, tags: tags, content: content)
  }

  /// A contribution as the pages send it.
  static func contribution(
    _ amount: String = "+5", at seconds: UInt64 = 100, by author: TestKey = TestKey("giver"), project: String? = "CF-TEST-1",
    change: (inout [[String]]) -> Void = { _ in }
  ) -> Event {
    var tags = [["t", "crowdfunding"]]
    if let project { tags.append(["project-id", project]) }
    change(&tags)
    return author.event(kind: 7, createdAt: start + seconds, tags: tags, content: amount)
  }

  /// A vote as the pages send it.
  static func vote(
    _ weight: String = "+5", at seconds: UInt64 = 100, by author: TestKey = TestKey("voter"), project: String = "CF-TEST-1",
    change: (inout [[String]]) -> Void = { _ in }
  ) -> Event {
    var tags = [["t", "vote-assets"], ["project-id", project]]
    change(&tags)
    return author.event(kind: 7, createdAt: start + seconds, tags: tags, content: weight)
  }

  /// A label by a node of the constellation.
  ///
  /// - Parameter event: what it is about; it has that event's time unless told.
  static func label(
    _ name: String, about event: Event? = nil, by node: TestKey = Relay.node, project: String? = "CF-TEST-1", outcome: String? = nil,
    at seconds: UInt64? = nil
  ) -> Event {
    var tags = [["L", "commonsguard"], ["l", name, "commonsguard"]]
    if let event { tags += [["e", event.id.hex], ["p", event.pubkey.hex]] }
    if let project { tags.append(["project-id", project]) }
    if let outcome { tags.append(["outcome", outcome]) }
    return node.event(kind: 1985, createdAt: seconds.map { start + $0 } ?? event?.createdAt ?? start, tags: tags)
  }

  /// A receipt by a node of the constellation, with the tags that matter here.
  static func receipt(of event: Event, by node: TestKey = Relay.node, project: String = "CF-TEST-1") -> Event {
    let tags = [["e", event.id.hex, "", "reaction"], ["p", event.pubkey.hex], ["project-id", project], ["s", "OK"], ["role", "receipt"]]
    return node.event(kind: 9742, createdAt: event.createdAt, tags: tags)
  }

  static func deletion(of events: [Event], at seconds: UInt64, by author: TestKey, kinds: [String] = []) -> Event {
    author.event(kind: 5, createdAt: start + seconds, tags: events.map { ["e", $0.id.hex] } + kinds.map { ["k", $0] })
  }
}

extension [[String]] {
  /// Replaces the tags of that name.
  mutating func set(_ tag: [String]) {
    removeAll { $0.first == tag.first }
    append(tag)
  }

  mutating func remove(_ name: String) { removeAll { $0.first == name } }
}
