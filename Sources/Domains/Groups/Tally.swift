// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// The count of one proposal: the weight of all who may vote, and of those for and against. Source: groups, 6.4.
struct Tally: Sendable, Equatable {
  var weight = 0
  var yes = 0
  var no = 0

  var hasMajority: Bool { 2 * yes > weight }
  var hasSuperMajority: Bool { weight > 0 && 3 * yes >= 2 * weight }

  /// Counts an electorate. A block's own voters decide its one vote, by more than half of them.
  mutating func count(_ items: [Electorate.Item], isVoter: (PublicKey) throws -> Bool, ballot: (PublicKey) -> Ballots.Choice?) rethrows {
    for item in items {
      switch item {
      case .leaf(let account): try count(account, isVoter: isVoter, ballot: ballot)
      case .block(let inner):
        var block = Tally()
        try block.count(inner, isVoter: isVoter, ballot: ballot)
        guard block.weight > 0 else { continue }
        weight += 1
        if 2 * block.yes > block.weight { yes += 1 }
        if 2 * block.no > block.weight { no += 1 }
      }
    }
  }

  mutating func count(_ account: PublicKey, isVoter: (PublicKey) throws -> Bool, ballot: (PublicKey) -> Ballots.Choice?) rethrows {
    guard try isVoter(account) else { return }
    weight += 1
    switch ballot(account) {
    case .yes: yes += 1
    case .no: no += 1
    case .unnamed, nil: break
    }
  }
}

/// Everybody's latest ballot on one proposal.
struct Ballots {
  enum Choice {
    case yes, no
    /// Yes, by a vote that the modification does not name.
    case unnamed
  }

  struct Ballot {
    let effectiveAt: UInt64
    let id: EventID
    let value: Bool

    /// The later one counts; of equally late ones, the one with the lower id.
    func isOver(_ other: Ballot) -> Bool { effectiveAt == other.effectiveAt ? id < other.id : effectiveAt > other.effectiveAt }
  }

  private var latest: [PublicKey: Ballot] = [:]

  /// How many accounts are for it, whether they may vote or not.
  var supporters: Int { latest.values.count { $0.value } }

  mutating func cast(_ account: PublicKey, _ ballot: Ballot) {
    if let known = latest[account], !ballot.isOver(known) { return }
    latest[account] = ballot
  }

  /// - Parameter named: the ballots that may count as yes; nil: all.
  func choice(of account: PublicKey, named: Set<EventID>?) -> Choice? {
    guard let ballot = latest[account] else { return nil }
    if !ballot.value { return .no }
    return named?.contains(ballot.id) ?? true ? .yes : .unnamed
  }
}
