// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport

/// What people make.
extension Constellation {
  func make(_ draft: Draft, _ part: Int, _ step: Step, at node: Node) throws -> [Event] {
    let salt = "\(step.number).\(part)"
    let dated = UInt64(clamping: Int(now) + step.dated)
    func newest(_ address: Address) -> Event? { node.relay.newest(of: address)?.event }
    switch draft {
    case .campaign(let number, let status):
      let head = newest(Events.address(of: number))
      guard head != nil || !status.isEmpty else { return [] }
      let time = head.map { max(dated, $0.createdAt + 1) } ?? dated
      let word = status.isEmpty ? head?.tags.first(named: "status")?[1]?.string ?? "crowdfunding" : status
      return [Events.campaign(number, word, at: time, salt: salt)]
    case .contribution(let number, let giver, let amount, let other):
      return [Events.contribution(number, by: People.giver(giver), amount, at: dated, naming: other, salt: salt)]
    case .vote(let number, let voter, let weight):
      return [Events.vote(number, by: People.voter(voter), weight, at: dated, salt: salt)]
    case .administratorVote(let number, let administrator, let weight):
      return [Events.vote(number, by: People.administrator(administrator), weight, at: dated, salt: salt)]
    case .deletion(let target, let namesKinds):
      guard let event = made[target]?.first, let author = People.known(event.pubkey) else { return [] }
      let time = step.dated < -1_000_000 ? event.createdAt + 1 : max(dated, event.createdAt)
      return [Events.deletion(of: [event], at: time, namesKinds: namesKinds, salt: salt, by: author)]
    case .deletionOfBoth(let first, let second):
      guard let one = made[first]?.first, let other = made[second]?.first, let author = People.known(one.pubkey) else { return [] }
      return [Events.deletion(of: [one, other], at: max(dated, one.createdAt), salt: salt, by: author)]
    case .labelDeletion(let number):
      let labels = node.relay.stored.values.filter { $0.event.kind == 1985 && $0.event.pubkey == People.node(number).pubkey }
      guard let label = labels.max(by: { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }) else { return [] }
      return [Events.deletion(of: [label.event], at: max(dated, label.createdAt), salt: salt, by: People.node(number))]
    case .campaignDeletion(let number):
      return [Events.deletion(of: Events.address(of: number), at: dated, salt: salt, by: People.captain(of: number))]
    case .collectiveDeletion: return [Events.deletion(of: Events.collective, at: dated, salt: salt, by: People.creator)]
    case .ignition: return [Events.ignition(at: dated)]
    case .updates:
      guard let head = newest(Events.collective) else { return [] }
      return [Events.update(on: head, at: max(dated, head.createdAt + 1), salt: salt)]
    // Old enough for its administrators to be tenured, and to vote.
    case .group: return [Events.group(at: dated - 12 * 86_400)]
    case .modifications, .proposals, .ballot, .carryingOut, .sibling: return try makeForGroup(draft, salt, dated, at: node)
    case .repost(let target): return (made[target]?.first).map { [Events.repost($0, at: dated)] } ?? []
    case .smuggled(let number):
      let old = Events.contribution(number, by: People.mallory, 1000, at: dated - 5000, salt: salt)
      return [Events.repost(old, at: dated)]
    case .flood:
      let flood = People.key("flood \(part)")
      return [flood.event(kind: 7, createdAt: dated, tags: [["t", "vote-assets"], ["project-id", "CF-NOBODY"], ["n", salt]], content: "+1")]
    }
  }

  private func makeForGroup(_ draft: Draft, _ salt: String, _ dated: UInt64, at node: Node) throws -> [Event] {
    let shown = node.relay.stored.values
    // The only group of a history: the lowest init at the relay.
    guard let group = shown.filter({ $0.event.kind == 4830 }).map(\.id).min(), let tip = try node.daemon.tip(of: group, at: now) else { return [] }
    let time = max(dated, tip.createdAt + 1)
    let proposal = shown.filter { $0.event.kind == 4831 }.max { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
    switch draft {
    case .modifications(_, let administrator):
      return [Events.modification(of: group, on: tip.id, by: People.administrator(administrator), at: time, salt: salt)]
    case .proposals(_, let administrator, let position):
      return [Events.proposal(of: group, on: tip.id, removing: position, by: People.administrator(administrator), at: time, salt: salt)]
    case .ballot(let administrator, let value):
      guard let proposal else { return [] }
      let time = max(dated, proposal.createdAt + 1)
      return [Events.ballot(of: group, on: proposal.id, value, by: People.administrator(administrator), at: time, salt: salt)]
    case .carryingOut(let administrator):
      guard let proposal else { return [] }
      let votes = shown.filter { $0.event.kind == 4832 && $0.event.content == "true" && $0.value("proposal")?.equals(proposal.id.hex) == true }
      return [
        Events.carryingOut(
          proposal.id, votes.map(\.id).sorted(), of: group, on: tip.id, by: People.administrator(administrator), at: max(time, proposal.createdAt + 1)
        )
      ]
    case .sibling(let administrator):
      guard let parent = node.relay.stored[tip.id]?.value("parent").flatMap({ EventID(hex: $0) }) else { return [] }
      return [Events.modification(of: group, on: parent, by: People.administrator(administrator), at: tip.createdAt - 1, salt: salt)]
    default: return []
    }
  }
}

extension Draft {
  /// How many events it makes, one after the other.
  var count: Int {
    switch self {
    case .updates(let count), .modifications(let count, _), .proposals(let count, _, _), .flood(let count): count
    default: 1
    }
  }
}
