// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Policy
import StateStore

/// One SHA-256 for each domain and one for all: what follows from the accepted events alone (architecture, law 5).
public struct StateDigest: Sendable, Equatable {
  /// In the contract's order; a domain that this program does not have has the digest of nothing.
  public let domains: [(domain: Domain, digest: Bytes32)]
  public let all: Bytes32

  /// Every domain with a digest of its own.
  public static let covered: [Domain] = [.crowdfunding, .collectives, .groups, .economy]

  /// Reads every domain's tables on one snapshot. Throws faults.
  public static func read(_ store: StateStore, _ registry: DomainRegistry) throws -> StateDigest {
    try store.read { try read(reading: $0, registry) }
  }

  /// As `read`, on a snapshot that is looked at for something else too.
  public static func read(reading state: borrowing StateView, _ registry: DomainRegistry) throws -> StateDigest {
    try hash { domain, feed in try registry.validator(of: domain)?.digest(reading: state, into: feed) }
  }

  /// The same of what this node decides: nodes of one digest have the same here unless live decisions differ (contract, `state digest`).
  ///
  /// - Parameter now: Unix seconds.
  public static func outcomes(at now: UInt64, reading state: borrowing StateView, _ registry: DomainRegistry) throws -> StateDigest {
    try hash { domain, feed in try registry.validator(of: domain)?.outcomes(at: now, reading: state, into: feed) }
  }

  private static func hash(_ read: (Domain, ([UInt8]) -> Void) throws -> Void) throws -> StateDigest {
    var domains: [(Domain, Bytes32)] = []
    for domain in covered {
      let hasher = try SHA256()
      try read(domain) { bytes in
        // Behind its length, so that no two sequences of pieces feed the same bytes.
        var piece = RecordWriter(capacity: bytes.count + 4)
        piece.put(counted: bytes)
        piece.bytes.withUnsafeBytes { hasher.update($0) }
      }
      domains.append((domain, hasher.finish()))
    }
    return StateDigest(domains: domains, all: SHA256.digest(of: domains.flatMap { $0.1.bytes }))
  }

  public static func == (left: StateDigest, right: StateDigest) -> Bool { left.all == right.all }
}
