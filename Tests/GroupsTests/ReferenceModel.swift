// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// Groups judged the dumb way, as an oracle: full states in memory, every question answered by going through everything.
/// Written from the spec's text alone; of attestations it knows nothing, of limits the depth alone.
final class ReferenceModel {
  enum Entry: Hashable {
    case account(PublicKey)
    case group(EventID, Bool)
  }
  struct Held: Equatable {
    let source: EventID
    let number: Int
    let entry: Entry
  }
  struct State {
    var members: [Held] = []
    var admin: EventID?
    var meta: [String: String] = [:]
    var done: Set<EventID> = []
  }
  struct Node {
    let id: EventID, group: EventID, parent: EventID?, author: PublicKey
    let created: UInt64, received: UInt64, depth: Int
    var state: State
    /// When a block was found that holds it.
    var block: UInt64?
    var live = true
    /// The late proposals and votes without which it would not have passed.
    var awaits: [EventID] = []
  }
  /// Positions for a proposal and a content; nil admin: not named.
  struct Change {
    var remove: [Int] = []
    var add: [Entry] = []
    var admin: EventID??
    var meta: [String: String?] = [:]
    var isEmpty: Bool { remove.isEmpty && add.isEmpty && admin == nil && meta.isEmpty }
  }
  struct Proposal {
    let id: EventID, group: EventID, parent: EventID, author: PublicKey
    let created: UInt64, received: UInt64, live: Bool
    let change: Change
  }
  struct Vote {
    let id: EventID, proposal: EventID, author: PublicKey
    let created: UInt64, received: UInt64, live: Bool, value: Bool
    var eff: UInt64 { live ? max(created, received) : created }
  }
  indirect enum Item {
    case leaf(PublicKey)
    case block([Item])
  }
  struct Refused: Error { let words: String }

  var nodes: [EventID: Node] = [:]
  var proposals: [EventID: Proposal] = [:]
  var votes: [Vote] = []
  /// The earliest label of each event.
  var labels: [EventID: UInt64] = [:]
  /// Other nodes are configured.
  var hasNodes = true
  /// Set while a live event is judged: chains stop before what is contested then.
  var clock: UInt64?
  /// Votes that do not count while something is asked without them.
  var ignored: Set<EventID> = []

  // MARK: Contested

  func late(_ id: EventID, _ group: EventID, created: UInt64, received: UInt64, live: Bool) -> Bool {
    if live, received <= created + 3 * day { return false }
    return !welcome(group, received) && !isLabelled(id, created)
  }

  func isLabelled(_ id: EventID, _ created: UInt64) -> Bool { labels[id].map { $0 <= created + 3 * day } ?? false }

  /// A group that is first met through sync is taken as it comes for a day, where there are no nodes.
  func welcome(_ group: EventID, _ received: UInt64) -> Bool {
    guard !hasNodes, let opening = nodes[group], !opening.live else { return false }
    return received <= opening.received + day
  }

  func late(_ node: Node) -> Bool {
    node.parent != nil && late(node.id, node.group, created: node.created, received: node.received, live: node.live)
  }

  func late(_ proposal: Proposal) -> Bool {
    late(proposal.id, proposal.group, created: proposal.created, received: proposal.received, live: proposal.live)
  }

  func late(_ vote: Vote) -> Bool {
    guard let group = proposals[vote.proposal]?.group else { return false }
    return late(vote.id, group, created: vote.created, received: vote.received, live: vote.live)
  }

  func isBlocked(_ node: Node) -> Bool {
    guard let clock, node.parent != nil, node.received + 10 * day > clock, !welcome(node.group, node.received) else { return false }
    if eff(node) <= node.created + 3 * day { return false }
    let isWaiting = node.awaits.contains { id in proposals[id].map { late($0) } ?? votes.first { $0.id == id }.map { late($0) } ?? false }
    return late(node) || isWaiting
  }

  /// As it is on every relay.
  func everywhere<Value>(_ body: () throws -> Value) rethrows -> Value {
    let old = clock
    clock = nil
    defer { clock = old }
    return try body()
  }

  // MARK: Chains

  func line(to head: EventID) -> [Node] {
    var line: [Node] = []
    var next: EventID? = head
    while let id = next, let node = nodes[id] {
      line.insert(node, at: 0)
      next = node.parent
    }
    return line
  }

  /// The adjusted timestamp of a node, or the least of those that stand on it; the greatest number where nothing is attested.
  func eff(_ node: Node) -> UInt64 {
    let own = node.block.map { max(node.created, $0) } ?? .max
    return nodes.values.filter { $0.parent == node.id }.reduce(own) { min($0, eff($1)) }
  }

  func precedes(_ left: Node, _ right: Node) -> Bool {
    let (mine, other) = (eff(left), eff(right))
    if mine != other { return mine < other }
    if mine < .max { return left.author != right.author ? left.author > right.author : left.id < right.id }
    let (isLate, isOtherLate) = (late(left), late(right))
    if isLate != isOtherLate { return isOtherLate }
    return (left.created, left.id) < (right.created, right.id)
  }

  func on(_ from: EventID) -> [Node] {
    var line: [Node] = []
    var here = from
    while let child = nodes.values.filter({ $0.parent == here && !isBlocked($0) }).min(by: { precedes($0, $1) }) {
      line.append(child)
      here = child.id
    }
    return line
  }

  func canonical(_ group: EventID) -> [Node] { nodes[group].map { [$0] + on(group) } ?? [] }
  func tip(_ group: EventID) -> EventID? { canonical(group).last?.id }

  /// The judged group with its line; all others on their canonical ones.
  struct Scope {
    let group: EventID
    let line: [Node]
  }

  func state(_ group: EventID, _ time: UInt64, _ scope: Scope) -> State? {
    (group == scope.group ? scope.line : canonical(group)).last { $0.created <= time }?.state
  }

  // MARK: Roles

  /// What lies deeper contributes nothing.
  static let maxDepth = 8

  func electorate(_ state: State, _ time: UInt64, _ scope: Scope, _ path: Set<EventID>) -> [Item] {
    func of(_ group: EventID) -> [Item] {
      guard !path.contains(group), path.count < Self.maxDepth, let inner = self.state(group, time, scope) else { return [] }
      return electorate(inner, time, scope, path.union([group]))
    }
    if let admin = state.admin { return of(admin) }
    return state.members.flatMap { held -> [Item] in
      switch held.entry {
      case .account(let key): [.leaf(key)]
      case .group(let id, let isBlock): isBlock ? [.block(of(id))] : of(id)
      }
    }
  }

  func electorate(_ time: UInt64, _ scope: Scope) -> [Item] {
    state(scope.group, time, scope).map { electorate($0, time, scope, [scope.group]) } ?? []
  }

  func flat(_ items: [Item]) -> [PublicKey] {
    items.flatMap { item -> [PublicKey] in
      switch item {
      case .leaf(let key): [key]
      case .block(let inner): flat(inner)
      }
    }
  }

  func outside(_ items: [Item]) -> [PublicKey] { items.compactMap { if case .leaf(let key) = $0 { key } else { nil } } }

  func isAdmin(_ key: PublicKey, _ time: UInt64, _ scope: Scope) -> Bool { flat(electorate(time, scope)).contains(key) }

  /// Moments at which anything can have changed.
  func moments(_ start: UInt64, _ end: UInt64) -> [UInt64] {
    Set(nodes.values.map(\.created).filter { $0 > start && $0 <= end } + [start, end]).sorted()
  }

  func throughout(_ key: PublicKey, _ start: UInt64, _ end: UInt64, _ scope: Scope) -> Bool {
    moments(start, end).allSatisfy { isAdmin(key, $0, scope) }
  }

  func tenured(_ key: PublicKey, _ time: UInt64, _ scope: Scope) -> Bool { throughout(key, time - 7 * day, time, scope) }

  func voter(_ key: PublicKey, _ time: UInt64, _ scope: Scope) -> Bool {
    if throughout(key, time - 10 * day, time, scope) { return true }
    guard moments(time - 10 * day, time).contains(where: { isAdmin(key, $0, scope) }) else { return false }
    let points = moments(0, time)
    var total: UInt64 = 0
    for (from, to) in zip(points, points.dropFirst()) where isAdmin(key, from, scope) { total += to - from }
    return total >= 30 * day
  }

  func affected(_ before: State, _ after: State, _ time: UInt64, _ scope: Scope) -> Set<PublicKey> {
    let (old, new) = (electorate(before, time, scope, [scope.group]), electorate(after, time, scope, [scope.group]))
    let (present, had, has) = (Set(flat(new)), outside(old), outside(new))
    return Set(flat(old)).filter { key in
      !present.contains(key) || has.count { $0 == key } < had.count { $0 == key }
    }
  }

  // MARK: Changes

  func apply(_ change: Change, from written: State, to state: State, by source: EventID, _ number: inout Int) -> State {
    var state = state
    for position in change.remove {
      let gone = written.members[position]
      state.members.removeAll { $0 == gone }
    }
    for entry in change.add {
      let isThere = state.members.contains { held in
        switch (held.entry, entry) {
        case (.group(let left, _), .group(let right, _)): left == right
        default: held.entry == entry
        }
      }
      if isThere { continue }
      state.members.append(Held(source: source, number: number, entry: entry))
      number += 1
    }
    if let admin = change.admin { state.admin = admin }
    for (key, value) in change.meta { state.meta[key] = value }
    return state
  }

  func carriedOut(_ proposal: Proposal, on state: State) -> State {
    var number = 1_000_000
    return apply(proposal.change, from: nodes[proposal.parent]!.state, to: state, by: proposal.id, &number)
  }

  func same(_ left: State, _ right: State) -> Bool { left.members == right.members && left.admin == right.admin && left.meta == right.meta }

  func references(_ change: Change) -> [EventID] {
    change.add.compactMap { if case .group(let id, _) = $0 { id } else { nil } } + (change.admin.flatMap { $0 }.map { [$0] } ?? [])
  }

  func leads(_ from: EventID, to target: EventID, _ seen: Set<EventID> = []) -> Bool {
    if from == target { return true }
    guard !seen.contains(from), let state = everywhere({ canonical(from).last?.state }) else { return false }
    return groups(in: state).contains { leads($0, to: target, seen.union([from])) }
  }

  func groups(in state: State) -> [EventID] {
    state.members.compactMap { if case .group(let id, _) = $0.entry { id } else { nil } } + (state.admin.map { [$0] } ?? [])
  }

  /// How deep a group with this state would reach, 1 without any other; no more than one beyond the limit.
  func depth(_ state: State) -> Int {
    var level = Set(groups(in: state))
    var depth = 1
    while !level.isEmpty, depth <= Self.maxDepth {
      depth += 1
      level = Set(level.flatMap { id in everywhere { canonical(id).last.map { groups(in: $0.state) } ?? [] } })
    }
    return depth
  }

  /// The nodes that a decision about a group read, besides those on the way to its parent: those of every group that it, or what the event refers to,
  /// leads to; and where the line through a parent went on.
  func readOf(_ group: EventID, through parent: EventID? = nil, referring references: [EventID] = []) -> Set<EventID> {
    var reached = Set(references + [group])
    var open = Array(reached)
    while let next = open.popLast() {
      for node in nodes.values where node.group == next {
        for other in groups(in: node.state) where reached.insert(other).inserted { open.append(other) }
      }
    }
    let others = nodes.values.filter { $0.group != group && reached.contains($0.group) }.map(\.id)
    guard let parent else { return Set(others) }
    let line = canonical(group).contains { $0.id == parent } ? canonical(group) : on(parent)
    return Set(others + line.map(\.id))
  }

  // MARK: Tally

  func ballots(_ proposal: Proposal, _ cut: UInt64, author: (PublicKey, UInt64, EventID)?) -> [PublicKey: (eff: UInt64, id: EventID, value: Bool)] {
    var all: [(PublicKey, UInt64, EventID, Bool)] = [(proposal.author, proposal.created, proposal.id, true)]
    all += votes.filter { $0.proposal == proposal.id && $0.eff <= cut && !ignored.contains($0.id) }.map { ($0.author, $0.eff, $0.id, $0.value) }
    if let author, author.1 <= cut { all.append((author.0, author.1, author.2, true)) }
    var latest: [PublicKey: (eff: UInt64, id: EventID, value: Bool)] = [:]
    for (key, eff, id, value) in all {
      if let old = latest[key], old.eff > eff || (old.eff == eff && old.id < id) { continue }
      latest[key] = (eff, id, value)
    }
    return latest
  }

  func tally(_ proposal: Proposal, _ cut: UInt64, author: (PublicKey, UInt64, EventID)?, named: Set<EventID>?, _ scope: Scope) -> (
    w: Int, y: Int, n: Int
  ) {
    let ballots = ballots(proposal, cut, author: author)
    func count(_ items: [Item]) -> (w: Int, y: Int, n: Int) {
      var sum = (w: 0, y: 0, n: 0)
      for item in items {
        switch item {
        case .leaf(let key):
          guard voter(key, proposal.created, scope) else { continue }
          sum.w += 1
          guard let ballot = ballots[key] else { continue }
          if !ballot.value { sum.n += 1 } else if named?.contains(ballot.id) ?? true { sum.y += 1 }
        case .block(let inner):
          let block = count(inner)
          guard block.w > 0 else { continue }
          sum.w += 1
          sum.y += 2 * block.y > block.w ? 1 : 0
          sum.n += 2 * block.n > block.w ? 1 : 0
        }
      }
      return sum
    }
    let items = electorate(proposal.created, scope)
    let present = Set(flat(items))
    let everybody = Set(nodes.values.flatMap { $0.state.members.compactMap { if case .account(let key) = $0.entry { key } else { nil } } })
    return count(items + everybody.subtracting(present).map { .leaf($0) })
  }

  func majority(_ proposal: Proposal, _ scope: Scope) -> Bool {
    let result = tally(proposal, proposal.created + 10 * day, author: nil, named: nil, scope)
    return 2 * result.y > result.w
  }

  func affectedThen(_ proposal: Proposal, _ scope: Scope) -> Set<PublicKey> {
    guard let then = state(scope.group, proposal.created, scope) else { return [] }
    return affected(then, carriedOut(proposal, on: then), proposal.created, scope)
  }

  // MARK: Suspension

  func isOver(_ proposal: Proposal, _ time: UInt64, _ scope: Scope) -> Bool {
    if scope.line.contains(where: { $0.created <= time && $0.state.done.contains(proposal.id) }) { return true }
    if time > proposal.created + 30 * day { return true }
    return time > proposal.created + 10 * day && !majority(proposal, scope)
  }

  /// Proposal by proposal, each as long as all who are suspended then are a minority. What is older than sixty days is not looked at.
  func suspended(_ key: PublicKey, _ time: UInt64, _ scope: Scope) -> Bool {
    let candidates = proposals.values.filter { proposal in
      proposal.group == scope.group && proposal.created <= time && proposal.created + 60 * day >= time
        && scope.line.contains { $0.id == proposal.parent }
    }
    var open: [(proposal: Proposal, accounts: Set<PublicKey>)] = []
    for proposal in candidates.sorted(by: { ($0.created, $0.id) < ($1.created, $1.id) }) {
      open.removeAll { isOver($0.proposal, proposal.created, scope) }
      let already = open.reduce(into: Set()) { $0.formUnion($1.accounts) }
      guard isAdmin(proposal.author, proposal.created, scope), !already.contains(proposal.author) else { continue }
      let affected = affectedThen(proposal, scope)
      let tenured = affected.filter { self.tenured($0, proposal.created, scope) }
      let administrators = Set(flat(electorate(proposal.created, scope)))
      guard !tenured.isEmpty, 2 * already.union(affected).count < administrators.count else { continue }
      open.append((proposal, tenured))
    }
    return open.contains { $0.accounts.contains(key) && !isOver($0.proposal, time, scope) }
  }
}
