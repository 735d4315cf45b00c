// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// What the judge knows of the other relays. Source: constellation spec, rules 1 and 2.
public struct ConstellationOptions: Sendable, Equatable {
  /// This node's key and the other nodes', whose archives are believed.
  public var followUps: FollowUpOptions
  /// Other relays, whose clients' events are judged as from sync.
  public var peers: Set<NetworkAddress>
  /// So many live versions of one address are taken in a UTC day of their receipt.
  public var updatesPerDay: UInt32

  public init(followUps: FollowUpOptions = FollowUpOptions(), peers: Set<NetworkAddress> = [], updatesPerDay: UInt32 = 100) {
    self.followUps = followUps
    self.peers = peers
    self.updatesPerDay = updatesPerDay
  }

  /// Where an event is from that strfry says is from a client: from a peer, if its address is one.
  ///
  /// - Parameter address: strfry's `sourceInfo`; asked only when it matters.
  public func source(_ said: SourceType, from address: () -> String?) -> SourceType {
    guard !peers.isEmpty, said == .ip4 || said == .ip6, let address = address().flatMap({ NetworkAddress($0) }), peers.contains(address) else {
      return said
    }
    return .peer
  }

  /// The UTC day of a time, counted from 1970.
  static func day(of seconds: UInt64) -> UInt32 { UInt32(clamping: seconds / 86_400) }
}
