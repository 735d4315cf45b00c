// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// What a campaign's event says was collected: informational, shown beside the ledger's figures.
public struct CampaignClaims: Sendable {
  public let collected: [GoalType: Amount]

  /// - Parameter event: a version of a campaign, in either dialect.
  public init(_ event: Event) {
    var collected: [GoalType: Amount] = [:]
    if event.content.hasPrefix("{"), let totals = JSONValue(parsing: event.content)?["totals"] {
      for (type, key) in [
        (GoalType.zenConvertible, "zen_convertible_collected" as StaticString), (.g1, "g1_collected"), (.zenCommons, "commons_zen_collected"),
      ] {
        collected[type] = totals[key]?.numeric.flatMap { Amount(decimal: $0.bytes, hundredthsPerUnit: type.hundredthsPerUnit) }
      }
    }
    for tag in event.tags.all(named: "goal") {
      guard let type = tag[1].flatMap({ GoalType($0) }), let said = tag[3] else { continue }
      collected[type] = Amount(decimal: said.bytes, hundredthsPerUnit: type.hundredthsPerUnit)
    }
    self.collected = collected
  }
}
