// SPDX-License-Identifier: AGPL-3.0-or-later

/// One table of the state: ordered byte keys to byte values, owned by one domain.
///
/// A domain declares its tables as constants; the store opens one LMDB database for each, called `<domain>.<name>`.
public struct Table: Hashable, Sendable {
  public let domain: Domain
  /// Which of its domain's tables: 0..<24, unique in the domain.
  public let ordinal: UInt8
  public let shortName: StaticString

  /// The most tables that a domain may declare.
  public static let maxPerDomain = 24

  public init(_ domain: Domain, _ ordinal: UInt8, _ shortName: StaticString) {
    self.domain = domain
    self.ordinal = ordinal
    self.shortName = shortName
  }

  public var name: String { "\(domain.name).\(shortName)" }

  /// A small dense number for the store's own lookups.
  public var slot: Int { Int(domain.rawValue) * Table.maxPerDomain + Int(ordinal) }

  public static func == (left: Table, right: Table) -> Bool { left.slot == right.slot }
  public func hash(into hasher: inout Hasher) { hasher.combine(slot) }
}
