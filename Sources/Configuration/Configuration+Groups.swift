// SPDX-License-Identifier: AGPL-3.0-or-later
import Groups
import Nostr
import Policy

extension Configuration {
  /// The groups' settings; kinds that cannot be used are reported to `values`.
  static func readGroups(_ values: inout ConfigurationValues, headersFile: String?) -> GroupsOptions {
    func number(_ key: String) -> Int { Int(values["groups.\(key)"].integer ?? 0) }
    func boolean(_ key: String) -> Bool { values["groups.\(key)"].boolean ?? true }
    func kind(_ name: String) -> UInt64 { UInt64(clamping: number("kinds.\(name)")) }

    var options = GroupsOptions()
    options.isEnabled = boolean("enabled")
    options.kinds = GroupKinds(
      initGroup: kind("init"), proposal: kind("proposal"), vote: kind("vote"), modification: kind("modification"), attest: kind("attest"))
    options.modificationCountsAsVote = boolean("modificationCountsAsVote")
    options.allowDuplicateInit = boolean("allowDuplicateInit")
    options.allowNestedAdd = boolean("allowNestedAdd")
    options.proposalsFrom = values["groups.proposalsFrom"].string.flatMap(GroupsOptions.Proposers.init) ?? .anyone
    options.forkPolicy = values["groups.forkPolicy"].string.flatMap(GroupsOptions.ForkPolicy.init) ?? .attested
    options.maxLagSeconds = UInt64(clamping: number("maxLagSeconds"))
    options.maxDepth = number("maxDepth")
    options.maxElectorate = number("maxElectorate")
    options.maxForkDepth = UInt32(clamping: number("maxForkDepth"))
    options.maxBranchesPerParent = number("maxBranchesPerParent")
    options.maxAddsPerModification = number("maxAddsPerModification")
    options.openProposalsPerAuthor = number("openProposalsPerAuthor")
    options.maxLimitingProposals = number("maxLimitingProposals")
    options.maxMetaKeys = number("maxMetaKeys")
    options.maxMetaBytes = number("maxMetaBytes")
    options.acceptNip03 = boolean("acceptNip03")
    options.headersFile = headersFile
    options.attests = values["followUps.attestations"].boolean ?? true
    if let problem = options.kinds.problem {
      let others = options.kinds.named.map { "groups.kinds.\($0.name)" }
      values.reportContradiction("groups.kinds.\(problem.name)", with: others, problem.message)
    }
    return options
  }
}
