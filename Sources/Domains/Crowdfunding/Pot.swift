// SPDX-License-Identifier: AGPL-3.0-or-later
import Ledger
import Policy

/// What one goal of a campaign has in the ledger, read once for everything that a decision asks of it.
struct Pot {
  let type: GoalType
  private(set) var totals: Totals

  init(_ type: GoalType, of project: ProjectID, reading state: borrowing some StateReader & ~Copyable) throws {
    self.type = type
    totals = try Ledger.totals(of: project.bytes, target: type.rawValue, reading: state)
  }

  /// With an amount on top; without it where the sum does not fit, which the ledger then refuses.
  func adding(_ amount: Amount) -> Pot {
    var pot = self
    pot.totals.collected = totals.collected.adding(amount) ?? totals.collected
    return pot
  }

  /// Whether every goal that is not optional is reached. The known pot is looked at first: where it is not reached, no other one is read.
  static func areAllReached(
    _ terms: CampaignTerms, of project: ProjectID, knowing known: Pot?, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Bool {
    if let known, terms.goals.contains(where: { !$0.isOptional && $0.type == known.type && !known.reaches($0, terms) }) { return false }
    for goal in terms.goals where !goal.isOptional && goal.type != known?.type {
      if try !Pot(goal.type, of: project, reading: state).reaches(goal, terms) { return false }
    }
    return true
  }

  private func reaches(_ goal: Goal, _ terms: CampaignTerms) -> Bool { terms.given(totals.collected, for: type) >= goal.target }
}
