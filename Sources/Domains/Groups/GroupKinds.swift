// SPDX-License-Identifier: AGPL-3.0-or-later

/// The kind numbers of the five group events: the draft has none, so they are configuration. Source: groups, 6.1.
public struct GroupKinds: Sendable, Equatable {
  public var initGroup: UInt64
  public var proposal: UInt64
  public var vote: UInt64
  public var modification: UInt64
  public var attest: UInt64

  public init(initGroup: UInt64 = 4830, proposal: UInt64 = 4831, vote: UInt64 = 4832, modification: UInt64 = 4833, attest: UInt64 = 4834) {
    self.initGroup = initGroup
    self.proposal = proposal
    self.vote = vote
    self.modification = modification
    self.attest = attest
  }

  /// With the names of the configuration.
  public var named: [(name: String, kind: UInt64)] {
    [("init", initGroup), ("proposal", proposal), ("vote", vote), ("modification", modification), ("attest", attest)]
  }

  /// What is wrong with the numbers, in words; nil when they can be used: five distinct numbers of 1000 to 9999 that nobody else has.
  public var problem: (name: String, message: String)? {
    var seen: [UInt64: String] = [:]
    for (name, kind) in named {
      guard (1000...9999).contains(kind) else { return (name, "must be a whole number from 1000 to 9999") }
      if let other = seen.updateValue(name, forKey: kind) { return (name, "is the same kind as groups.kinds.\(other)") }
      if Self.isReserved(kind) { return (name, "kind \(kind) belongs to another protocol") }
    }
    return nil
  }

  /// Regular kinds that the NIPs, the registry of kinds, or another domain of ours use.
  static func isReserved(_ kind: UInt64) -> Bool { single.contains(kind) || ranges.contains { $0.contains(kind) } }

  private static let single: Set<UInt64> = [
    1018, 1021, 1022, 1040, 1059, 1060, 1063, 1064, 1068, 1111, 1123, 1222, 1227, 1244, 1311, 1312, 1313, 1314, 1337, 1971, 2003, 2004, 2022, 4312,
    4550,
    7000, 7374, 7375, 7376, 7377, 7516, 7517, 8000, 8001, 8002, 8003, 8333, 9041, 9321, 9467, 9734, 9735, 9736, 9739, 9740, 9741, 9742, 9802, 9998,
    9999,
    1409, 1410, 1411, 1412, 1413, 1414, 1415, 1602, 1603, 1604,
  ]
  private static let ranges: [ClosedRange<UInt64>] = [1617...1633, 1984...1987, 5000...6999, 9000...9030]

  /// The mapping as it is kept beside the state.
  public var note: [UInt8] { Array(named.map { "\($0.name)=\($0.kind)" }.joined(separator: " ").utf8) }
}
