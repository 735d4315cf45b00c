// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension CampaignSource {
  /// C7: each goal once, target > 0, `optional` where the fifth element says so; the JSON dialect writes targets in `zen_target` and `g1_target` tags
  /// and in `totals` (0: no such goal), and where a target is written twice both agree.
  func goals() throws -> [Goal] {
    var targets: [GoalType: Amount] = [:]
    var optional: Set<GoalType> = []
    for tag in tags.all(named: "goal") {
      guard let type = tag[1].flatMap({ GoalType($0) }), let target = tag[2].flatMap({ amount($0, type) }), target > .zero,
        targets.updateValue(target, forKey: type) == nil
      else { throw CrowdfundingRejection.malformedGoal }
      if let mark = tag[4], mark == "optional" { optional.insert(type) }
    }
    for (type, written) in [(GoalType.zenConvertible, tags.first(named: "zen_target")), (.g1, tags.first(named: "g1_target"))] {
      guard let written else { continue }
      guard let target = written[1].flatMap({ amount($0, type) }) else { throw CrowdfundingRejection.malformedGoal }
      try merge(target, type, into: &targets)
    }
    if let totals = json?["totals"] {
      for (type, key) in [(GoalType.zenConvertible, "zen_convertible_target" as StaticString), (.g1, "g1_target"), (.zenCommons, "commons_zen")] {
        guard let written = totals[key], !written.isNull else { continue }
        guard let target = written.numeric.flatMap({ amount($0, type) }) else { throw CrowdfundingRejection.malformedGoal }
        try merge(target, type, into: &targets)
      }
    }
    return targets.filter { $0.value > .zero }.map { Goal(type: $0.key, target: $0.value, isOptional: optional.contains($0.key)) }
      .sorted { $0.type.rawValue < $1.type.rawValue }
  }

  /// The goals whose collected figure, which is information, cannot be read: ignored, and told.
  func unreadableFigures() -> [GoalType] {
    tags.all(named: "goal").compactMap { tag in
      guard tag.count > 3, let type = tag[1].flatMap({ GoalType($0) }) else { return nil }
      if let collected = tag[3], collected.isEmpty || amount(collected, type) != nil { return nil }
      return type
    }
  }

  private func amount(_ text: Text, _ type: GoalType) -> Amount? { Amount(decimal: text.bytes, hundredthsPerUnit: type.hundredthsPerUnit) }

  /// A target said again has to agree; 0 means that there is no such goal.
  private func merge(_ target: Amount, _ type: GoalType, into targets: inout [GoalType: Amount]) throws {
    // A list of goal tags that leaves a type out says that there is no such goal.
    let said = targets[type] ?? (tags.first(named: "goal") == nil ? nil : .zero)
    guard said == nil || said == target else { throw CrowdfundingRejection.goalDiffers }
    targets[type] = target
  }

  /// Goals whose `campaigns.*_active` is there and not true.
  func inactiveGoals() -> Set<GoalType> {
    guard let campaigns = json?["campaigns"] else { return [] }
    var inactive: Set<GoalType> = []
    for (type, key) in [
      (GoalType.zenConvertible, "zen_convertible_campaign_active" as StaticString), (.g1, "g1_campaign_active"),
      (.zenCommons, "zen_commons_campaign_active"),
    ] {
      if let flag = campaigns[key], flag != .bool(true) { inactive.insert(type) }
    }
    return inactive
  }
}
