// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// What a parked event waits for: when an accepted event provides it, the parked one is judged again.
public struct Dependency: Hashable, Sendable {
  /// Names the dependency among all: a domain byte, then the domain's own bytes; at most 200 bytes.
  public let key: [UInt8]

  public static let maxKeyBytes = 200

  public init(_ domain: Domain, _ key: [UInt8]) {
    self.key = key.count < Self.maxKeyBytes ? [domain.rawValue] + key : [domain.rawValue] + key[..<(Self.maxKeyBytes - 1)]
  }
}

extension Dependency {
  /// That author's event of that id is about to be judged: what waits for it comes first, in the same transaction.
  public static func arrival(of id: EventID, by author: PublicKey, in domain: Domain) -> Dependency {
    Dependency(domain, arrivalOfID + id.bytes + author.bytes)
  }

  /// An event of that address is about to be judged.
  public static func arrival(of address: Address, in domain: Domain) -> Dependency {
    var key = RecordWriter(capacity: 64 + address.identifier.count)
    key.put(fixed: arrivalOfAddress)
    key.put(address.kind)
    key.put(address.pubkey)
    key.put(fixed: address.identifier.bytes)
    return Dependency(domain, key.bytes)
  }

  // Domains begin their own keys with small bytes, or have keys of other lengths.
  private static let arrivalOfID: [UInt8] = [0xfe]
  private static let arrivalOfAddress: [UInt8] = [0xff]
}
