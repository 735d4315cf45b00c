// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// Which follow-ups this node publishes, and as whom. Source: contract, `followUps` and `node.publicKey`.
public struct FollowUpOptions: Sendable, Equatable {
  /// Without it no signed follow-up is made.
  public var nodeKey: PublicKey?
  /// The other nodes of the constellation, whose labels, receipts and archives are believed (`crowdfunding.nodes`).
  public var nodes: Set<PublicKey>
  public var receipts: Bool
  public var snapshots: Bool
  public var labels: Set<NodeLabel.Name>
  /// Whether what relays drop is published once more.
  public var archives: Bool
  public var debounceSeconds: UInt64

  public init(
    nodeKey: PublicKey? = nil, nodes: Set<PublicKey> = [], receipts: Bool = true, snapshots: Bool = true,
    labels: Set<NodeLabel.Name> = Set(NodeLabel.Name.allCases), archives: Bool = true, debounceSeconds: UInt64 = 5
  ) {
    self.nodeKey = nodeKey
    self.nodes = nodes
    self.receipts = receipts
    self.snapshots = snapshots
    self.labels = labels
    self.archives = archives
    self.debounceSeconds = debounceSeconds
  }

  /// Whether a key is this node's, or another's of the constellation.
  public func isNode(_ key: PublicKey) -> Bool { key == nodeKey || nodes.contains(key) }
}
