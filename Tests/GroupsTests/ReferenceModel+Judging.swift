// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// The staircases of the dumb way: each gives the fixed words of the first rule broken, or takes the event.
extension ReferenceModel {
  private func refuse(_ words: String) throws -> Never { throw Refused(words: words) }

  func initGroup(_ id: EventID, by author: PublicKey, created: UInt64, received: UInt64, live: Bool, _ change: Change) throws {
    clock = live ? received : nil
    defer { clock = nil }
    for reference in references(change) where nodes[reference] == nil || nodes[reference]?.parent != nil { try refuse("error: ") }
    var number = 0
    var state = State()
    // All of them, also those that stand twice.
    for entry in change.add {
      state.members.append(Held(source: id, number: number, entry: entry))
      number += 1
    }
    state.admin = change.admin.flatMap { $0 }
    let node = Node(id: id, group: id, parent: nil, author: author, created: created, received: received, depth: 0, state: state, live: live)
    if flat(electorate(state, created, Scope(group: id, line: []), [id])).isEmpty { try refuse("invalid: group has no administrators") }
    if depth(state) > Self.maxDepth { try refuse("invalid: group nesting too deep") }
    nodes[id] = node
  }

  func propose(_ proposal: Proposal) throws {
    clock = proposal.live ? proposal.received : nil
    defer { clock = nil }
    guard let opening = nodes[proposal.group] else { try refuse("error: unknown group") }
    if proposal.created < opening.created { try refuse("invalid: older than the group") }
    guard let parent = nodes[proposal.parent] else { try refuse("error: unknown parent") }
    if parent.group != proposal.group { try refuse("invalid: parent belongs to another group") }
    if proposal.created <= parent.created { try refuse("invalid: created_at must be after the parent") }
    if proposal.live, proposal.received > proposal.created + 7200 { try refuse("invalid: created_at too old for a live proposal") }
    if proposal.change.remove.contains(where: { $0 >= parent.state.members.count }) { try refuse("invalid: remove position out of range") }
    for reference in references(proposal.change) {
      if leads(reference, to: proposal.group) { try refuse("invalid: group reference cycle") }
    }
    let isOnMain = canonical(proposal.group).contains { $0.id == parent.id }
    let scope = Scope(group: proposal.group, line: isOnMain ? canonical(proposal.group) : line(to: parent.id) + on(parent.id))
    if flat(electorate(carriedOut(proposal, on: parent.state), proposal.created, scope, [proposal.group])).isEmpty {
      try refuse("invalid: group would have no administrators")
    }
    let done = Set(canonical(proposal.group).flatMap { $0.state.done })
    let open = proposals.values.count { other in
      other.group == proposal.group && other.author == proposal.author && other.created + 30 * day > proposal.received && !done.contains(other.id)
    }
    if proposal.live, open >= 20 { try refuse("blocked: too many open proposals") }
    proposals[proposal.id] = proposal
  }

  func vote(_ vote: Vote, in group: EventID) throws {
    clock = vote.live ? vote.received : nil
    defer { clock = nil }
    guard let opening = nodes[group] else { try refuse("error: unknown group") }
    if vote.created < opening.created { try refuse("invalid: older than the group") }
    guard let proposal = proposals[vote.proposal] else { try refuse("error: unknown proposal") }
    if proposal.group != group { try refuse("invalid: proposal belongs to another group") }
    if vote.created <= proposal.created { try refuse("invalid: created_at must be after the proposal") }
    let isOnMain = canonical(group).contains { $0.id == proposal.parent }
    let scope = Scope(group: group, line: isOnMain ? canonical(group) : line(to: proposal.parent) + on(proposal.parent))
    var affected = affectedThen(proposal, scope)
    if let now = state(group, vote.eff, scope) { affected.formUnion(self.affected(now, carriedOut(proposal, on: now), vote.eff, scope)) }
    let tenured = affected.filter { self.tenured($0, proposal.created, scope) || self.tenured($0, vote.eff, scope) }
    if !tenured.contains(vote.author), !voter(vote.author, proposal.created, scope) { try refuse("restricted: no voting rights") }
    if vote.live, canonical(group).contains(where: { $0.state.done.contains(proposal.id) }) { try refuse("invalid: proposal already implemented") }
    if !tenured.isEmpty {
      if vote.eff > proposal.created + 30 * day { try refuse("invalid: proposal expired") }
      if vote.live, vote.eff > proposal.created + 10 * day, !majority(proposal, scope) { try refuse("invalid: proposal was rejected") }
    }
    if vote.live, votes.count(where: { $0.proposal == proposal.id && $0.author == vote.author }) >= 5 { try refuse("blocked: too many votes") }
    votes.append(vote)
  }

  struct Modification {
    let id: EventID, group: EventID, parent: EventID, author: PublicKey
    let created: UInt64, received: UInt64, live: Bool
    let listed: [(proposal: EventID, votes: [EventID])]
    let change: Change
  }

  func modify(_ event: Modification) throws {
    clock = event.live ? event.received : nil
    defer { clock = nil }
    guard let opening = nodes[event.group] else { try refuse("error: unknown group") }
    if event.created < opening.created { try refuse("invalid: older than the group") }
    guard let parent = nodes[event.parent] else { try refuse("error: unknown parent") }
    if parent.group != event.group { try refuse("invalid: parent belongs to another group") }
    if event.created <= parent.created { try refuse("invalid: created_at must be after the parent") }
    if event.live, event.received > event.created + 7200 { try refuse("invalid: created_at too old for a live modification") }
    let main = canonical(event.group)
    let siblings = nodes.values.filter { $0.parent == parent.id }
    if parent.id != main.last?.id {
      if event.live {
        if main.count - 1 - parent.depth > 64 { try refuse("invalid: parent is not the chaintip") }
        if siblings.count >= 8 { try refuse("blocked: too many branches") }
        if siblings.contains(where: { $0.author == event.author }) { try refuse("invalid: author already extended this parent") }
      }
    }
    if event.live, siblings.contains(where: { $0.created >= event.created }) { try refuse("invalid: created_at must be after its sibling") }
    let scope = Scope(group: event.group, line: line(to: parent.id))
    let times = event.live ? [event.created, event.received] : [event.created]
    let isDecided = !event.live && isLabelled(event.id, event.created)
    for time in times where !isDecided && !isAdmin(event.author, time, scope) { try refuse("restricted: not an administrator") }
    for time in times where !isDecided && suspended(event.author, time, scope) { try refuse("restricted: suspended by proposal") }

    var number = 0
    var state = parent.state
    var unvotedAdds = 0
    var awaits: [EventID] = []
    for (id, named) in event.listed {
      guard let proposal = proposals[id] else { try refuse("error: unknown proposal") }
      if proposal.group != event.group { try refuse("invalid: proposal belongs to another group") }
      if !scope.line.contains(where: { $0.id == proposal.parent }) { try refuse("invalid: proposal is on another branch") }
      if proposal.created >= event.created { try refuse("invalid: created_at must be after the proposal") }
      if state.done.contains(id) { try refuse("invalid: proposal already implemented") }
      for vote in named {
        guard let known = votes.first(where: { $0.id == vote }) else { try refuse("error: unknown vote") }
        if known.proposal != id { try refuse("invalid: vote is for another proposal") }
      }
      let before = state
      let added = number
      state = apply(proposal.change, from: nodes[proposal.parent]!.state, to: state, by: event.id, &number)
      let leaves = Set(flat(electorate(before, event.created, scope, [event.group])))
      let affected = self.affected(before, state, event.created, scope).union(affectedThen(proposal, scope).intersection(leaves))
      let tenured = affected.filter { self.tenured($0, proposal.created, scope) || self.tenured($0, event.created, scope) }
      if tenured.isEmpty {
        unvotedAdds += number - added
        continue
      }
      if !isDecided, let words = refusal(proposal, tenured, named, event, scope) { try refuse(words) }
      let needed = votes.filter { vote in
        vote.proposal == id && vote.value && (named.contains(vote.id) || tenured.contains(vote.author)) && late(vote)
      }.map(\.id)
      if late(proposal) {
        awaits += needed + [id]
      } else {
        ignored = Set(needed)
        if refusal(proposal, tenured, named, event, scope) != nil { awaits += needed }
        ignored = []
      }
    }
    for reference in references(event.change) + references(newly: parent.state, state) where leads(reference, to: event.group) {
      try refuse("invalid: group reference cycle")
    }
    if !(references(event.change) + references(newly: parent.state, state)).isEmpty {
      var added = event.change
      added.remove = []
      var unused = number
      if depth(apply(added, from: parent.state, to: state, by: event.id, &unused)) > Self.maxDepth { try refuse("invalid: group nesting too deep") }
    }
    if !event.change.remove.isEmpty, parent.state.admin == nil { try refuse("invalid: direct removal needs an admin group") }
    if event.change.remove.contains(where: { $0 >= parent.state.members.count }) { try refuse("invalid: remove position out of range") }
    let voted = state
    state = apply(event.change, from: parent.state, to: state, by: event.id, &number)
    for key in affected(voted, state, event.created, scope) where !isDecided && tenured(key, event.created, scope) {
      try refuse("invalid: removal of an administrator needs a proposal")
    }
    if flat(electorate(state, event.created, scope, [event.group])).isEmpty { try refuse("invalid: group would have no administrators") }
    if same(state, parent.state), event.listed.isEmpty { try refuse("invalid: modification has no effect") }
    for (id, _) in event.listed { state.done.insert(id) }
    nodes[event.id] = Node(
      id: event.id, group: event.group, parent: parent.id, author: event.author, created: event.created, received: event.received,
      depth: parent.depth + 1, state: state, live: event.live, awaits: awaits)
  }

  private func references(newly before: State, _ after: State) -> [EventID] {
    after.members.filter { !before.members.contains($0) }.compactMap { if case .group(let id, _) = $0.entry { id } else { nil } }
      + (after.admin != before.admin ? after.admin.map { [$0] } ?? [] : [])
  }

  /// The words for a proposal that does not pass.
  private func refusal(_ proposal: Proposal, _ tenured: Set<PublicKey>, _ named: [EventID], _ event: Modification, _ scope: Scope) -> String? {
    if event.created > proposal.created + 30 * day { return "invalid: proposal expired" }
    if event.created > proposal.created + 10 * day, !majority(proposal, scope) { return "invalid: proposal rejected" }
    let author = (event.author, event.created, event.id)
    let ballots = ballots(proposal, event.created, author: author)
    if tenured.allSatisfy({ ballots[$0]?.value == true }) { return nil }
    let result = tally(proposal, event.created, author: author, named: Set(named + [proposal.id, event.id]), scope)
    if result.w > 0, 3 * result.y >= 2 * result.w { return nil }
    let opened = proposal.live ? max(proposal.created, proposal.received) : proposal.created
    if 2 * result.y > result.w, result.n == 0, event.created >= opened + 10 * day { return nil }
    return "invalid: insufficient votes (\(result.y)/\(result.w), \(result.n) against)"
  }
}
