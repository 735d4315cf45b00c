// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr

/// What a parked event waits for: when an accepted event provides it, the parked one is judged again.
public struct Dependency: Hashable, Sendable {
  /// Names the dependency among all: a domain byte, then the domain's own bytes; at most 200 bytes.
  public let key: [UInt8]

  /// Whose it is; nil where this program has no such domain.
  public var domain: Domain? { key.first.flatMap(Domain.init(rawValue:)) }
  /// The domain's own bytes.
  public var name: ArraySlice<UInt8> { key.dropFirst() }

  public static let maxKeyBytes = 200

  public init(_ domain: Domain, _ key: [UInt8]) {
    self.key = key.count < Self.maxKeyBytes ? [domain.rawValue] + key : [domain.rawValue] + key[..<(Self.maxKeyBytes - 1)]
  }

  /// One that was kept by its `key`; nil where that is none.
  public init?(key: [UInt8]) {
    guard (1...Self.maxKeyBytes).contains(key.count) else { return nil }
    self.key = key
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

  /// What arrives, in words for people; nil where the dependency is no arrival.
  public var arrivalWords: String? {
    let rest = name.dropFirst()
    switch name.first {
    case Self.arrivalOfID.first:
      guard rest.count == 64, let id = Bytes32(rest.prefix(32)), let author = Bytes32(rest.suffix(32)) else { return nil }
      return "event \(EventID(id).hex) by \(PublicKey(author).hex)"
    case Self.arrivalOfAddress.first:
      guard rest.count >= 40, let author = Bytes32(rest.dropFirst(8).prefix(32)) else { return nil }
      let kind = rest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
      return "address \(kind):\(PublicKey(author).hex):\(String(decoding: rest.dropFirst(40), as: UTF8.self))"
    default: return nil
    }
  }

  // Domains begin their own keys with small bytes, or have keys of other lengths.
  private static let arrivalOfID: [UInt8] = [0xfe]
  private static let arrivalOfAddress: [UInt8] = [0xff]
}
