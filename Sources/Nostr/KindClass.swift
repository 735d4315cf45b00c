// SPDX-License-Identifier: AGPL-3.0-or-later

/// How relays keep events of a kind (NIP-01, *Kinds*).
public enum KindClass: Sendable, Hashable {
  case regular, replaceable, ephemeral, addressable

  /// A kind in none of NIP-01's ranges is kept as a regular one.
  public init(kind: UInt64) {
    switch kind {
    case 0, 3, 10_000..<20_000: self = .replaceable
    case 20_000..<30_000: self = .ephemeral
    case 30_000..<40_000: self = .addressable
    default: self = .regular
    }
  }
}
