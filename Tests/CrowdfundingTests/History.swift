// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import Nostr
import TestSupport

/// A random history of several campaigns: versions that go forward, contributions, votes, votes taken back, in and out of their phases, deletions by
/// id and by address, before what they delete and behind it, deletions of deletions, labels by two nodes before what they name and behind it, announced
/// decisions and resolutions, events that are dated ahead, and impostors who name a Bien before it speaks for itself.
struct History {
  /// One event with its own time of receipt.
  struct Entry {
    let event: Event
    let receivedAt: UInt64
    /// Entries that have to come before it: a campaign's first version before the others, some kind 5 after their target.
    let after: [Int]
  }

  private(set) var entries: [Entry] = []
  /// Projects whose binding somebody contests: the reference model knows nothing of bindings.
  private(set) var contested: Set<String> = []
  private var random: SplitMix64
  private let people = (0..<7).map { TestKey("person \($0)") }

  init(seed: UInt64) {
    random = SplitMix64(seed: seed)
    for number in 0..<Int.random(in: 1...3, using: &random) { addCampaign(number) }
    // Arrivals of different campaigns are mixed, as the constraints allow.
    shuffleArrivals()
  }

  private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

  private mutating func add(_ event: Event, after: [Int]) -> Int {
    // Some are dated ahead, some come late.
    let receivedAt =
      chance(20) ? event.createdAt - UInt64.random(in: 0...900, using: &random) : event.createdAt + UInt64.random(in: 0...5000, using: &random)
    entries.append(Entry(event: event, receivedAt: receivedAt, after: after))
    return entries.count - 1
  }

  private mutating func addCampaign(_ number: Int) {
    let project = "CF-HISTORY-\(number)"
    let captain = TestKey("captain \(number)")
    let bien = chance(70) ? TestKey("bien \(number)") : nil
    let cell = TestKey("cell \(number)")
    let paths = [
      ["draft", "vote_pending", "crowdfunding", "funded", "completed"], ["draft", "crowdfunding", "cancelled"], ["draft", "vote_pending", "funded"],
      ["vote_pending", "crowdfunding", "cancelled"], ["crowdfunding", "crowdfunding", "funded"], ["vote_pending", "vote_pending"], ["draft"],
      ["crowdfunding", "vote_pending", "crowdfunding"], ["draft", "funded", "cancelled", "completed"],
    ]
    let path = paths[Int.random(in: 0..<paths.count, using: &random)]
    let hasImpostor = bien != nil && chance(25)
    var raised = UInt64(20)
    var time: UInt64 = 1000
    var first: [Int] = []
    var versions: [Int] = []
    for status in path {
      var tags = [
        ["d", "crowdfund-48.85-2.35-\(project)"], ["title", project], ["t", "crowdfunding"], ["t", "UPlanet"], ["project-id", project],
        ["g", "48.85,2.35"], ["p", cell.hex, "", "umap"], ["status", status], ["captain", captain.hex],
        ["goal", "ZEN_CONVERTIBLE", "\(raised)"],
      ]
      if let bien, first.isEmpty || chance(50) { tags.append(["p", bien.hex, "", "bien"]) }
      if chance(20) { tags.append(["goal", "ZEN_COMMONS", "10"]) }
      if status == "crowdfunding", chance(30) { tags.append(["closed_at", "\(time + UInt64.random(in: 100...900, using: &random))"]) }
      if chance(30) { raised += 5 }
      let authors = [captain, captain, cell] + (bien.map { [$0] } ?? [])
      let isFinal = status == "completed" || status == "cancelled"
      let author =
        hasImpostor && first.isEmpty
        ? bien ?? captain : first.isEmpty || isFinal ? captain : authors[Int.random(in: 0..<authors.count, using: &random)]
      let index = add(author.event(kind: 30904, createdAt: time, tags: tags), after: first)
      if first.isEmpty { first = [index] }
      versions.append(index)
      if chance(8) {
        let tags = chance(50) ? [["e", entries[index].event.id.hex]] : [["a", entries[index].event.address?.description ?? ""]]
        let deletedAt = chance(80) ? time + UInt64.random(in: 0...300, using: &random) : time - 60
        _ = add(author.event(kind: 5, createdAt: deletedAt, tags: tags + [["k", "30904"]]), after: [])
      }
      time += UInt64.random(in: 100...600, using: &random)
    }
    addReactions(project, first, until: time + 300, bien: bien)
    addAnnouncements(project, until: time)
    if hasImpostor, let bien { addImpostor(number, project, bien) }
    if chance(35) { addRivals(number, project, bien) }
  }

  /// Others who claim the same project id, before its captain and behind, or its Bien for a project of their own.
  private mutating func addRivals(_ number: Int, _ project: String, _ bien: TestKey?) {
    for rival in 0..<Int.random(in: 1...3, using: &random) {
      let author = TestKey("rival \(number) \(rival)")
      let isOwn = bien != nil && chance(40)
      let name = isOwn ? "CF-RIVAL-\(number)-\(rival)" : project
      contested.formUnion([project, name])
      var time = UInt64.random(in: 900...1400, using: &random)
      var places: [Int] = []
      for status in [["draft", "crowdfunding"], ["vote_pending", "crowdfunding"], ["crowdfunding"]][Int.random(in: 0..<3, using: &random)] {
        var tags = [
          ["d", "crowdfund-48.85-2.35-\(name)"], ["title", name], ["t", "crowdfunding"], ["t", "UPlanet"], ["project-id", name], ["g", "48.85,2.35"],
          ["p", TestKey("cell \(chance(20) ? number : 10 + rival)").hex, "", "umap"], ["status", status], ["goal", "ZEN_CONVERTIBLE", "50"],
        ]
        if let bien, isOwn || chance(30) { tags.append(["p", bien.hex, "", "bien"]) }
        places.append(add(author.event(kind: 30904, createdAt: time, tags: tags), after: []))
        time += UInt64.random(in: 50...500, using: &random)
      }
      if chance(15), let place = places.last {
        let target = chance(50) ? ["e", entries[place].event.id.hex] : ["a", entries[place].event.address?.description ?? ""]
        _ = add(author.event(kind: 5, createdAt: time, tags: [target, ["k", "30904"]]), after: [])
      }
      if isOwn { addReactions(name, places.prefix(1).map { $0 }, until: 1800, bien: nil) }
    }
  }

  /// Somebody else's campaign of the same Bien, under a project id of its own or under the same one.
  private mutating func addImpostor(_ number: Int, _ project: String, _ bien: TestKey) {
    let impostor = TestKey("impostor \(number)")
    let isOwn = chance(60)
    contested.formUnion([project, "CF-IMPOSTOR-\(number)"])
    let name = isOwn ? "CF-IMPOSTOR-\(number)" : project
    let tags = [
      ["d", "crowdfund-48.85-2.35-\(name)"], ["title", name], ["t", "crowdfunding"], ["t", "UPlanet"], ["project-id", name], ["g", "48.85,2.35"],
      ["p", bien.hex, "", "bien"], ["status", "crowdfunding"], ["goal", "ZEN_CONVERTIBLE", "50"],
    ]
    let first = add(impostor.event(kind: 30904, createdAt: 950, tags: tags), after: [])
    // Without `p`: where the impostor's campaign is refused, that alone would name the Bien's true one (K3).
    if isOwn { addReactions(name, [first], until: 1500, bien: nil) }
  }

  private mutating func addReactions(_ project: String, _ first: [Int], until end: UInt64, bien: TestKey?) {
    for _ in 0..<Int.random(in: 3...12, using: &random) {
      let time = UInt64.random(in: 900...end, using: &random)
      let person = people[Int.random(in: 0..<people.count, using: &random)]
      var tags = [["project-id", project]]
      if let bien, chance(50) { tags.append(["p", bien.hex]) }
      let amount = "+\(UInt64.random(in: 1...15, using: &random))"
      if chance(45) {
        tags.append(["t", "crowdfunding"])
        if chance(15) { tags.append(["target", "ZEN_COMMONS"]) }
        let index = add(person.event(kind: 7, createdAt: time, tags: tags, content: amount), after: chance(70) ? first : [])
        if chance(10) { _ = addDeletion(of: index, by: person, at: time + 40) }
      } else {
        tags.append(["t", "vote-assets"])
        let index = add(person.event(kind: 7, createdAt: time, tags: tags, content: amount), after: chance(70) ? first : [])
        if chance(20) { addLabel("vote-recorded", of: index, project) }
        if chance(30) { _ = addDeletion(of: index, by: person, at: time + UInt64.random(in: 0...500, using: &random)) }
        if chance(8) { _ = addDeletion(of: index, by: person, at: time - UInt64.random(in: 1...200, using: &random)) }
        if chance(4) { _ = addDeletion(of: index, by: TestKey("enemy"), at: time + 5) }
      }
    }
  }

  static let nodes = [Relay.node, TestKey("node 2")]

  /// What other relays decided, and what their operators resolved.
  private mutating func addAnnouncements(_ project: String, until end: UInt64) {
    func tags(_ name: String) -> [[String]] { [["L", "commonsguard"], ["l", name, "commonsguard"], ["project-id", project]] }
    for node in Self.nodes {
      let time = UInt64.random(in: 1000...end, using: &random)
      if chance(20) { _ = add(node.event(kind: 1985, createdAt: time, tags: tags("vote-approved")), after: []) }
      guard chance(25) else { continue }
      for outcome in [["approved", "open"], ["kept", "deleted"]] where chance(60) {
        let word = outcome[Int.random(in: 0...1, using: &random)]
        _ = add(node.event(kind: 1985, createdAt: time, tags: tags("resolved") + [["outcome", word]]), after: [])
      }
    }
  }

  private mutating func addLabel(_ name: String, of index: Int, _ project: String? = nil) {
    for node in Self.nodes where chance(45) {
      let event = entries[index].event
      let tags = [["L", "commonsguard"], ["l", name, "commonsguard"], ["e", event.id.hex]] + (project.map { [["project-id", $0]] } ?? [])
      _ = add(node.event(kind: 1985, createdAt: event.createdAt, tags: tags), after: [])
    }
  }

  private mutating func addDeletion(of index: Int, by author: TestKey, at time: UInt64) -> Int {
    let target = ["e", entries[index].event.id.hex]
    // With a kind and without it is remembered, whenever it comes; a target named twice counts once.
    let kinds = chance(60) ? [["k", "7"]] : []
    let deletion = add(author.event(kind: 5, createdAt: time, tags: [target, target] + kinds), after: chance(50) ? [index] : [])
    addLabel("vote-taken-back", of: deletion)
    if chance(10) {
      let second = [["e", entries[deletion].event.id.hex], ["k", "5"]]
      _ = add(author.event(kind: 5, createdAt: time + 10, tags: second), after: [])
    }
    return deletion
  }

  private mutating func shuffleArrivals() {
    let order = Self.order(entries.map(\.after), using: &random)
    var places = [Int](repeating: 0, count: entries.count)
    for (place, index) in order.enumerated() { places[index] = place }
    entries = order.map { Entry(event: entries[$0].event, receivedAt: entries[$0].receivedAt, after: entries[$0].after.map { places[$0] }) }
  }

  /// A random order of indices that keeps each behind those it comes after.
  static func order(_ after: [[Int]], using random: inout SplitMix64) -> [Int] {
    var left = Array(after.indices)
    var placed = Set<Int>()
    var order: [Int] = []
    while !left.isEmpty {
      let ready = left.indices.filter { after[left[$0]].allSatisfy(placed.contains) }
      guard let pick = ready.randomElement(using: &random) else { return order + left }
      let index = left.remove(at: pick)
      placed.insert(index)
      order.append(index)
    }
    return order
  }
}
