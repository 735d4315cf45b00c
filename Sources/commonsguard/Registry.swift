// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Configuration
import Crowdfunding
import Groups
import Judgement
import Policy

/// The domains of this program: one line for each.
enum Registry {
  static func domains(_ configuration: Configuration) -> DomainRegistry {
    var validators: [any Validator] = []
    if configuration.crowdfunding.isEnabled { validators.append(CrowdfundingValidator(options: configuration.crowdfunding)) }
    if configuration.collectives.isEnabled { validators.append(CollectivesValidator(options: configuration.collectives)) }
    if configuration.groups.isEnabled { validators.append(GroupsValidator(options: configuration.groups)) }
    return DomainRegistry(validators)
  }

  /// Every table, also of domains that are switched off: a state keeps what it has.
  static let tables = DomainRegistry([
    CrowdfundingValidator(options: CrowdfundingOptions()), CollectivesValidator(options: CollectivesOptions()),
    GroupsValidator(options: GroupsOptions()),
  ]).tables
}
