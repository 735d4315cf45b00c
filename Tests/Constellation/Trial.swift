// SPDX-License-Identifier: AGPL-3.0-or-later

/// One seed: its history, what it broke, and the shortest history that breaks the same.
public struct Trial: Sendable, CustomStringConvertible {
  public let seed: UInt64
  public let violations: [Violation]
  public let shortest: History

  /// - Returns: nil when the history keeps every promise. Throws when the simulator itself fails.
  public static func run(seed: UInt64, mutant: Mutant? = nil, minimises: Bool = true) throws -> Trial? {
    let history = History(seed: seed)
    let violations = try Constellation.violations(of: history, mutant: mutant)
    guard let kind = violations.first?.kind else { return nil }
    guard minimises else { return Trial(seed: seed, violations: violations, shortest: history) }
    let shortest = Minimiser.minimise(history) { candidate in
      (try? Constellation.violations(of: candidate, mutant: mutant))?.contains { $0.kind == kind } == true
    }
    return Trial(seed: seed, violations: try Constellation.violations(of: shortest, mutant: mutant), shortest: shortest)
  }

  public var description: String {
    "seed \(seed): \(violations.map(\.description).joined(separator: "; "))\n\(shortest)"
  }
}
