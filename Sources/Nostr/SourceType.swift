// SPDX-License-Identifier: AGPL-3.0-or-later

/// Where strfry has an event from, as its `sourceType` says.
public enum SourceType: Sendable, Hashable, CaseIterable {
  /// A client of the relay; `sourceInfo` is its address.
  case ip4, ip6
  case `import`
  /// Another relay; `sourceInfo` is its url. Nobody has verified such an event.
  case stream, sync
  /// Stored already: the router's upward direction, which writes `?` and is documented as `Stored`.
  case stored
  /// Absent, or a word that strfry did not have when this was written.
  case other

  /// The word that strfry writes; empty for `other`.
  public var word: StaticString {
    switch self {
    case .ip4: "IP4"
    case .ip6: "IP6"
    case .import: "Import"
    case .stream: "Stream"
    case .sync: "Sync"
    case .stored: "Stored"
    case .other: ""
    }
  }
}
