// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Which merit requests were approved, by votepower in the base state (4.7 P1).
struct Approvals {
  struct Request {
    let author: PublicKey
    let merits: UInt64
  }

  private let requests: [EventID: Request]
  /// The newest vote of each holder on each request: true = ratify.
  private let votes: [EventID: [PublicKey: Vote]]
  private let votepower: Votepower
  private let options: CollectivesOptions

  private struct Vote {
    let createdAt: UInt64
    let id: EventID
    let ratifies: Bool
  }

  init(_ set: ProofSet, _ votepower: Votepower, _ terms: DiffTerms) {
    self.votepower = votepower
    options = terms.options
    var requests: [EventID: Request] = [:]
    var votes: [EventID: [PublicKey: Vote]] = [:]
    for proof in set.proofs {
      // What a wrapper holds counts only when somebody with votepower wrapped it.
      if let wrappers = proof.wrappers, !wrappers.contains(where: { votepower[$0] > 0 }) { continue }
      switch proof.kind {
      case .request:
        // The deployed form calls it `amount`.
        guard terms.isTarget(of: proof.event), let merits = (proof.value("merits") ?? proof.value("amount"))?.decimal, merits >= 1 else { continue }
        requests[proof.id] = Request(author: proof.event.pubkey, merits: merits)
      case .vote:
        guard let request = Self.requestVotedOn(proof), let direction = proof.value("vote") else { continue }
        guard direction == "ratify" || direction == "blackball" else { continue }
        let event = proof.event
        let vote = Vote(createdAt: event.createdAt, id: event.id, ratifies: direction == "ratify")
        if let known = votes[request]?[event.pubkey], !Self.isNewer(vote, than: known) { continue }
        votes[request, default: [:]][event.pubkey] = vote
      default: continue
      }
    }
    self.requests = requests
    self.votes = votes
  }

  private static func requestVotedOn(_ proof: Proof) -> EventID? { (proof.value("request") ?? proof.value("e")).flatMap { EventID(hex: $0) } }

  private static func isNewer(_ vote: Vote, than other: Vote) -> Bool {
    vote.createdAt != other.createdAt ? vote.createdAt > other.createdAt : vote.id < other.id
  }

  /// The request, when more than `approve` ratified it and less than `veto` is against it; nil otherwise.
  subscript(_ id: EventID) -> Request? {
    guard let request = requests[id] else { return nil }
    var ratify: UInt64 = 0
    var blackball: UInt64 = 0
    for (holder, vote) in votes[id] ?? [:] {
      // Each holder once: the sums are at most the total.
      if vote.ratifies { ratify &+= votepower[holder] } else { blackball &+= votepower[holder] }
    }
    guard options.approve.isExceeded(by: ratify, of: votepower.total), options.veto.isAbove(blackball, of: votepower.total) else { return nil }
    return request
  }
}
