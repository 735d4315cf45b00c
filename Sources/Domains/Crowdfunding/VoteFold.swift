// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// A campaign's votes and their deletions, folded in (created_at, id) order, so that a late arrival gives the same result as a timely one.
///
/// Of two votes of one pubkey the lower counts; a vote taken back counts as cast; a deletion after the approval changes nothing.
struct VoteFold {
  private(set) var state = VoteState()
  private(set) var ballots: [BallotRecord]

  /// - Parameters:
  ///   - ballots: in fold order.
  ///   - isEligible: whether the vote was open at a ballot's time.
  init(_ ballots: [BallotRecord], rules: VoteRules, isEligible: (BallotRecord) -> Bool) throws {
    self.ballots = ballots
    var cast: Set<PublicKey> = []
    var deleted: [EventID: PublicKey] = [:]
    var counted: [EventID: Int] = [:]
    for index in ballots.indices {
      let ballot = ballots[index]
      self.ballots[index].isCounted = false
      guard isEligible(ballot) else { continue }
      switch ballot.content {
      case .vote(let weight, _):
        guard cast.insert(ballot.pubkey).inserted, deleted[ballot.position.id] != ballot.pubkey else { continue }
        state = try state.adding(weight, rules)
        self.ballots[index].isCounted = true
        counted[ballot.position.id] = index
      case .deletion(let targets):
        for target in targets {
          guard !state.isApproved else { continue }
          deleted[target] = ballot.pubkey
          guard let vote = counted[target], ballots[vote].pubkey == ballot.pubkey, case .vote(let weight, _) = ballots[vote].content
          else { continue }
          state = try state.removing(weight)
          self.ballots[vote].isCounted = false
          counted[target] = nil
        }
      }
    }
  }
}

/// When a vote is approved.
struct VoteRules {
  let threshold: Amount
  let quorum: UInt64

  init(_ options: CrowdfundingOptions) {
    threshold = options.assetsVoteThreshold
    quorum = options.assetsVoteQuorum
  }
}

extension VoteState {
  func adding(_ weight: Amount, _ rules: VoteRules) throws -> VoteState {
    guard let sum = total.adding(weight) else { throw Fault.invariant("a vote's total would overflow") }
    var state = self
    state.total = sum
    state.voters += 1
    state.isApproved = isApproved || sum >= rules.threshold && state.voters >= rules.quorum
    return state
  }

  func removing(_ weight: Amount) throws -> VoteState {
    guard let difference = total.subtracting(weight), voters > 0 else { throw Fault.invariant("a vote's total would become negative") }
    var state = self
    state.total = difference
    state.voters -= 1
    return state
  }
}
