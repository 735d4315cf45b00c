// SPDX-License-Identifier: AGPL-3.0-or-later
import Configuration
import Policy

/// Why other relays of a constellation could not come to the same state as this one. Source: constellation spec, rules 2 and 7.
enum ConstellationNote {
  /// What to change, and what happens as long as nobody does.
  struct Finding {
    let key: String
    let message: String
  }

  /// Empty where no other node is named: then there is nobody to agree with.
  static func findings(_ configuration: Configuration) -> [Finding] {
    guard !configuration.followUps.nodes.isEmpty || !configuration.groups.followUps.nodes.isEmpty else { return [] }
    return [archive(configuration), labels(configuration)].compactMap { $0 }
  }

  private static func archive(_ configuration: Configuration) -> Finding? {
    let words = "no archive: other relays will not agree"
    if !configuration.followUps.archives { return Finding(key: "followUps.archive", message: "\(words): it is \"none\"") }
    if configuration.node.publicKey == nil { return Finding(key: "node.publicKey", message: "\(words): it is not set, so nothing is signed") }
    if configuration.delivery.sink == .none { return Finding(key: "delivery.sink", message: "\(words): it is \"none\", so nothing is published") }
    return nil
  }

  private static func labels(_ configuration: Configuration) -> Finding? {
    let missing = NodeLabel.Name.allCases.filter { NodeLabel.Name.neededByOthers.contains($0) && !configuration.followUps.labels.contains($0) }
    guard !missing.isEmpty else { return nil }
    return Finding(
      key: "followUps.labels", message: "no labels: other relays will not agree: \(missing.map(\.rawValue).joined(separator: ", ")) left out")
  }
}
