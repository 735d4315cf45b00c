// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Synchronization
import TestSupport

/// Who lives in the constellation: the same name is the same key in every run.
enum People {
  private static let keys = Mutex<[String: TestKey]>([:])

  static func key(_ name: String) -> TestKey {
    keys.withLock { keys in
      if let key = keys[name] { return key }
      let key = TestKey("constellation \(name)")
      keys[name] = key
      return key
    }
  }

  /// Whose key it is, as far as the name was used.
  static func known(_ pubkey: PublicKey) -> TestKey? { keys.withLock { $0.values.first { $0.pubkey == pubkey } } }

  static func captain(of campaign: Int) -> TestKey { key("captain \(campaign)") }
  static func giver(_ number: Int) -> TestKey { key("giver \(number)") }
  static func voter(_ number: Int) -> TestKey { key("voter \(number)") }
  static func administrator(_ number: Int) -> TestKey { key("administrator \(number)") }
  static func node(_ number: Int) -> TestKey { key("node \(number)") }
  static let cell = key("cell")
  static let creator = key("creator")
  static let station = key("station")
  static let mallory = key("mallory")
}

/// The events that they publish, each really signed.
enum Events {
  static func project(_ campaign: Int) -> String { "CF-P\(campaign)" }

  static func address(of campaign: Int) -> Address {
    Address(kind: 30904, pubkey: People.captain(of: campaign).pubkey, identifier: Text(project(campaign)))
  }

  static let collective = Address(kind: 31108, pubkey: People.creator.pubkey, identifier: Text("acme"))
  static let goal = 30

  /// - Parameter rival: somebody else who takes the same project id; nil: its captain.
  static func campaign(_ campaign: Int, _ status: String, at time: UInt64, by rival: TestKey? = nil, salt: String) -> Event {
    (rival ?? People.captain(of: campaign)).event(
      kind: 30904, createdAt: time,
      tags: [
        ["d", project(campaign)], ["title", "A garden"], ["t", "crowdfunding"], ["t", "UPlanet"], ["g", "48.85,2.35"],
        ["p", People.cell.hex, "", "umap"], ["goal", "ZEN_CONVERTIBLE", "\(goal)"], ["status", status],
      ], content: "# A garden \(salt)")
  }

  static func contribution(
    _ campaign: Int, by giver: TestKey, _ amount: Int, at time: UInt64, naming other: Int? = nil, salt: String
  ) -> Event {
    var tags = [["t", "crowdfunding"], ["project-id", project(campaign)], ["n", salt]]
    if let other { tags.append(["a", address(of: other).description]) }
    return giver.event(kind: 7, createdAt: time, tags: tags, content: "+\(amount)")
  }

  static func vote(_ campaign: Int, by voter: TestKey, _ weight: Int, at time: UInt64, salt: String) -> Event {
    voter.event(
      kind: 7, createdAt: time, tags: [["t", "vote-assets"], ["project-id", project(campaign)], ["n", salt]], content: "+\(weight)")
  }

  /// - Parameter namesKinds: with its `k` tags, as NIP-09 asks for.
  static func deletion(of events: [Event], at time: UInt64, namesKinds: Bool = true, salt: String, by author: TestKey) -> Event {
    let kinds = namesKinds ? Set(events.map(\.kind)).sorted().map { ["k", "\($0)"] } : []
    return author.event(kind: 5, createdAt: time, tags: events.map { ["e", $0.id.hex] } + kinds, content: salt)
  }

  static func deletion(of address: Address, at time: UInt64, salt: String, by author: TestKey) -> Event {
    author.event(kind: 5, createdAt: time, tags: [["a", address.description], ["k", "\(address.kind)"]], content: salt)
  }

  static func ignition(at time: UInt64) -> Event { People.creator.event(kind: 31108, createdAt: time, tags: [["d", "acme"]]) }

  /// An update of the collective that changes no merits.
  static func update(on head: Event, at time: UInt64, salt: String) -> Event {
    let ignition = head.tags.first(named: "ignition")?[1]?.string ?? head.id.hex
    return People.creator.event(
      kind: 31108, createdAt: time, tags: [["d", "acme"], ["ignition", ignition], ["previous", head.id.hex], ["mission", salt]])
  }

  static func group(at time: UInt64) -> Event {
    let members = (0..<3).map { "\"\(People.administrator($0).hex)\"" }.joined(separator: ",")
    return People.administrator(0).event(kind: 4830, createdAt: time, content: "{\"members\":[\(members)]}")
  }

  static func modification(of group: EventID, on parent: EventID, by administrator: TestKey, at time: UInt64, salt: String) -> Event {
    administrator.event(
      kind: 4833, createdAt: time, tags: [["group", group.hex], ["parent", parent.hex]], content: "{\"meta\":{\"k\":\"\(salt)\"}}")
  }

  /// To remove the member at a position of the parent's state.
  static func proposal(of group: EventID, on parent: EventID, removing position: Int, by key: TestKey, at time: UInt64, salt: String) -> Event {
    key.event(
      kind: 4831, createdAt: time, tags: [["group", group.hex], ["parent", parent.hex], ["n", salt]], content: "{\"remove\":[\(position)]}")
  }

  static func ballot(of group: EventID, on proposal: EventID, _ value: Bool, by key: TestKey, at time: UInt64, salt: String) -> Event {
    key.event(kind: 4832, createdAt: time, tags: [["group", group.hex], ["proposal", proposal.hex], ["n", salt]], content: "\(value)")
  }

  /// A modification that does what was proposed, naming the votes for it.
  static func carryingOut(
    _ proposal: EventID, _ votes: [EventID], of group: EventID, on parent: EventID, by key: TestKey, at time: UInt64
  ) -> Event {
    let tags = [["group", group.hex], ["parent", parent.hex], ["proposal", proposal.hex]] + votes.map { ["vote", $0.hex] }
    return key.event(kind: 4833, createdAt: time, tags: tags)
  }

  /// A stranger's generic repost (NIP-18).
  static func repost(_ event: Event, at time: UInt64) -> Event {
    People.mallory.event(
      kind: 16, createdAt: time, tags: [["e", event.id.hex], ["p", event.pubkey.hex], ["k", "\(event.kind)"]],
      content: String(decoding: event.raw, as: UTF8.self))
  }

  /// A weekly report of a station.
  static func report(week: String, at time: UInt64, salt: String) -> Event {
    People.station.event(
      kind: 30850, createdAt: time, tags: [["d", "economic-health"], ["week", week], ["t", "UPlanet"]], content: "{\"note\":\"\(salt)\"}")
  }
}
