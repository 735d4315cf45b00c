// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Which heads have the creator's state (4.10): reported, never enforced.
public struct CollectiveAgreement: Sendable {
  public struct Head: Sendable {
    public let view: CollectiveView
    /// By the creator's head.
    public let votepower: UInt64
    public let agrees: Bool
  }

  public let heads: [Head]
  /// Of those that agree; the creator's own included.
  public let agreeing: UInt64
  public let total: UInt64

  /// More than half of the votepower agrees with the creator.
  public var isMajority: Bool { UInt128(agreeing) * 2 > UInt128(total) }

  public init(_ views: [CollectiveView], canonical: CollectiveView) {
    let votepower = canonical.votepower
    heads = views.map { view in
      Head(view: view, votepower: votepower[view.head.pubkey], agrees: view.state.stateHash == canonical.state.stateHash)
    }
    // Each holder has one head, so the sum is at most the total.
    agreeing = heads.reduce(0) { $1.agrees ? $0 &+ $1.votepower : $0 }
    total = votepower.total
  }
}
