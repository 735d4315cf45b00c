// SPDX-License-Identifier: AGPL-3.0-or-later

/// Where an event is from: what strfry's `sourceType` says, and what this program knows better.
public enum SourceType: Sendable, Hashable, CaseIterable {
  /// A client of the relay; `sourceInfo` is its address.
  case ip4, ip6
  case `import`
  /// Another relay; `sourceInfo` is its url. Nobody has verified such an event.
  case stream, sync
  /// Stored already: the router's upward direction, which writes `?` and is documented as `Stored`.
  case stored
  /// Another relay that pushed it as a client does: strfry says IP4 or IP6, and its address is one of `relay.peers`. Never strfry's own word.
  case peer
  /// It lay in a repost by a node of the constellation. Never strfry's own word.
  case archive
  /// A command of this node's captain. Never strfry's own word.
  case local
  /// Absent, or a word that strfry did not have when this was written.
  case other

  /// From a client of this relay, or from its captain; every other source is *sync*. Source: constellation spec, rule 1.
  public var isLive: Bool { self == .ip4 || self == .ip6 || self == .local }

  /// From another relay, whose url strfry gives.
  public var isRelay: Bool { self == .stream || self == .sync }

  /// The word that strfry and the journal's export write; empty for `other`.
  public var word: StaticString {
    switch self {
    case .ip4: "IP4"
    case .ip6: "IP6"
    case .import: "Import"
    case .stream: "Stream"
    case .sync: "Sync"
    case .stored: "Stored"
    case .peer: "Peer"
    case .archive: "Archive"
    case .local: "Local"
    case .other: ""
    }
  }
}
