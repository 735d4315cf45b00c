// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// Which follow-ups this node publishes, and as whom. Source: contract, `followUps` and `node.publicKey`.
public struct FollowUpOptions: Sendable, Equatable {
  /// Without it no signed follow-up is made.
  public var nodeKey: PublicKey?
  public var receipts: Bool
  public var snapshots: Bool
  public var labels: Bool
  public var debounceSeconds: UInt64

  public init(nodeKey: PublicKey? = nil, receipts: Bool = true, snapshots: Bool = true, labels: Bool = true, debounceSeconds: UInt64 = 5) {
    self.nodeKey = nodeKey
    self.receipts = receipts
    self.snapshots = snapshots
    self.labels = labels
    self.debounceSeconds = debounceSeconds
  }
}
