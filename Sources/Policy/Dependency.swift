// SPDX-License-Identifier: AGPL-3.0-or-later

/// What a parked event waits for: when an accepted event provides it, the parked one is judged again.
public struct Dependency: Hashable, Sendable {
  /// Names the dependency among all: a domain byte, then the domain's own bytes; at most 200 bytes.
  public let key: [UInt8]

  public static let maxKeyBytes = 200

  public init(_ domain: Domain, _ key: [UInt8]) {
    self.key = key.count < Self.maxKeyBytes ? [domain.rawValue] + key : [domain.rawValue] + key[..<(Self.maxKeyBytes - 1)]
  }
}
