// SPDX-License-Identifier: AGPL-3.0-or-later

/// What somebody makes: an event, or a few. What it says depends on what the relay shows to whoever makes it.
enum Draft: Sendable, Equatable {
  /// The first version, or an edit of what the relay shows.
  case campaign(Int, status: String)
  case contribution(Int, by: Int, amount: Int, naming: Int?)
  case vote(Int, by: Int, weight: Int)
  /// A vote by an administrator of the group.
  case administratorVote(Int, by: Int, weight: Int)
  /// A kind 5 for what was made in another step, by its author.
  case deletion(ofStep: Int, namesKinds: Bool)
  /// One kind 5 for what was made in two steps, by the author of the first; of two domains, say.
  case deletionOfBoth(Int, Int)
  case campaignDeletion(Int)
  case collectiveDeletion
  /// By a node's key: a kind 5 for the newest label of its own that the relay shows.
  case labelDeletion(byNode: Int)
  case ignition
  /// So many updates without a pause.
  case updates(Int)
  case group
  case modifications(Int, by: Int)
  /// So many, each to remove an administrator from the group.
  case proposals(Int, by: Int, removing: Int)
  /// On the newest proposal that the relay shows.
  case ballot(by: Int, Bool)
  /// The newest proposal that the relay shows, with the votes for it.
  case carryingOut(by: Int)
  /// Beside the end of the group's line, dated a second before it.
  case sibling(by: Int)
  /// Mallory's kind 16 around what was made in another step.
  case repost(ofStep: Int)
  /// Mallory's kind 16 around a contribution that no relay has seen, of long ago.
  case smuggled(Int)
  /// So many votes, of one key each, on a campaign that nobody knows.
  case flood(Int)
}

/// One thing that happens. Each stands for itself: any of them can be left out.
struct Step: Sendable, CustomStringConvertible {
  enum Action: Sendable, Equatable {
    /// A client sends it to relays; `isLost`: the relay is killed between the answer and its commit.
    case publish(Draft, to: [Int], isLost: Bool)
    /// It comes from a relay that is none of the constellation.
    case inject(Draft, at: Int)
    case pull(Int, from: Int, most: Int?, isLost: Bool)
    /// The router looks what is new.
    case route(Int, from: Int)
    /// The router was away: what was new is passed over.
    case gap(Int, from: Int)
    case push(Int, to: Int)
    case tick([Int])
  }

  /// Its place in the whole history; also what makes its events different from those of the others.
  let number: Int
  /// Unix seconds.
  let time: UInt64
  /// How far its events are dated from that.
  let dated: Int
  let action: Action

  /// Whether relays drop something because of it, or lose it.
  var losesSomething: Bool {
    switch action {
    case .publish(let draft, _, let isLost): isLost || draft.losesSomething(number)
    case .inject(let draft, _): draft.losesSomething(number)
    case .pull(_, _, _, let isLost): isLost
    case .route, .gap, .push, .tick: false
    }
  }

  var description: String {
    let place = "\(number)".count < 3 ? String(repeating: " ", count: 3 - "\(number)".count) + "\(number)" : "\(number)"
    return "\(place)  +\(time - History.start) s  \(Step.words(action))\(dated == 0 ? "" : ", dated \(dated) s")"
  }

  private static func words(_ action: Action) -> String {
    switch action {
    case .publish(let draft, let relays, let isLost):
      "\(relays.map(relay).joined(separator: ", ")): a client sends \(draft.words)\(isLost ? ", and the relay is killed before its commit" : "")"
    case .inject(let draft, let place): "\(relay(place)): from a relay outside comes \(draft.words)"
    case .pull(let here, let there, let most, let isLost):
      "\(relay(here)) pulls \(most.map { "\($0) events " } ?? "")from \(relay(there))\(isLost ? ", and is killed before its commit" : "")"
    case .route(let here, let there): "\(relay(here))'s router looks at \(relay(there))"
    case .gap(let here, let there): "\(relay(here))'s router was away from \(relay(there))"
    case .push(let here, let there): "\(relay(here)) pushes to \(relay(there))"
    case .tick(let places): "the workers of \(places.map(relay).joined(separator: ", ")) deliver"
    }
  }

  static func relay(_ number: Int) -> String { ["A", "B", "C", "D", "E"][number % 5] }
}

extension Draft {
  /// - Parameter step: each campaign's first version is among the first two.
  fileprivate func losesSomething(_ step: Int) -> Bool {
    switch self {
    case .campaign: step > 1
    case .deletion, .deletionOfBoth, .campaignDeletion, .collectiveDeletion, .labelDeletion, .updates: true
    default: false
    }
  }

  var words: String {
    switch self {
    case .campaign(let number, let status): status.isEmpty ? "an edit of P\(number)" : "P\(number) as \(status)"
    case .contribution(let number, let giver, let amount, let other):
      "giver \(giver)'s +\(amount) for P\(number)\(other.map { ", which names P\($0) too" } ?? "")"
    case .vote(let number, let voter, let weight): "voter \(voter)'s +\(weight) on P\(number)"
    case .administratorVote(let number, let administrator, let weight): "administrator \(administrator)'s +\(weight) on P\(number)"
    case .deletion(let step, let namesKinds): "a kind 5 for what was made in step \(step)\(namesKinds ? "" : ", without a k")"
    case .deletionOfBoth(let first, let second): "a kind 5 for what was made in steps \(first) and \(second)"
    case .labelDeletion(let node): "\(Step.relay(node))'s own kind 5 for its newest label"
    case .campaignDeletion(let number): "a kind 5 for the address of P\(number)"
    case .collectiveDeletion: "a kind 5 for the collective's address"
    case .ignition: "the collective's ignition"
    case .updates(let count): count == 1 ? "an update of the collective" : "\(count) updates of the collective without a pause"
    case .group: "the group's init"
    case .modifications(let count, let administrator): "\(count == 1 ? "a modification" : "\(count) modifications") by administrator \(administrator)"
    case .proposals(let count, let administrator, let position):
      "administrator \(administrator)'s \(count == 1 ? "proposal" : "\(count) proposals") to remove member \(position)"
    case .ballot(let administrator, let value): "administrator \(administrator)'s vote \(value) on the proposal"
    case .carryingOut(let administrator): "the modification by administrator \(administrator) that carries the proposal out"
    case .sibling(let administrator): "a modification beside the tip by administrator \(administrator), dated before it"
    case .repost(let step): "Mallory's kind 16 around what was made in step \(step)"
    case .smuggled(let number): "Mallory's kind 16 around an old contribution of 1000 to P\(number)"
    case .flood(let count): "\(count) votes on a campaign that nobody knows"
    }
  }
}
