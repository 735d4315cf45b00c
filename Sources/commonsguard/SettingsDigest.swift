// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Configuration
import Crowdfunding
import Cryptography
import Groups
import Nostr
import Policy

/// A SHA-256 of the settings that digests depend on: two nodes have the same digest of the same events only where these are the same.
/// Source: contract, *JSON of the inspection commands*.
enum SettingsDigest {
  static func of(_ configuration: Configuration) -> Bytes32 {
    SHA256.digest(of: Array(lines(configuration).sorted().joined(separator: "\n").utf8))
  }

  /// `name=value`, each name once.
  private static func lines(_ configuration: Configuration) -> [String] {
    crowdfunding(configuration.crowdfunding) + collectives(configuration.collectives) + groups(configuration.groups)
  }

  private static func crowdfunding(_ options: CrowdfundingOptions) -> [String] {
    [
      "crowdfunding.enabled=\(options.isEnabled)", "crowdfunding.creators=\(options.creators.rawValue)",
      "crowdfunding.captains=\(list(options.captains))", "crowdfunding.nodes=\(list(all(options.followUps)))",
      "crowdfunding.assetsVoteThreshold=\(options.assetsVoteThreshold.decimal())", "crowdfunding.assetsVoteQuorum=\(options.assetsVoteQuorum)",
      // The only one that there is in this version, given or not.
      "crowdfunding.votes.voters=anyone",
    ]
  }

  private static func collectives(_ options: CollectivesOptions) -> [String] {
    func kinds(_ kinds: [UInt64]) -> String { kinds.sorted().map(String.init).joined(separator: ",") }
    return [
      "collectives.enabled=\(options.isEnabled)", "collectives.approve=\(options.approve.numerator)/\(options.approve.denominator)",
      "collectives.veto=\(options.veto.numerator)/\(options.veto.denominator)", "collectives.checkpoint=\(options.checkpoint)",
      "collectives.forkPolicy=\(options.forkPolicy.rawValue)", "collectives.genesisMerit=\(options.genesisMerit)",
      // These are asked again in a rebuild, also of what was accepted once.
      "collectives.allowDeletion=\(options.allowDeletion)", "collectives.dRegex=\(options.dRegex?.text ?? "")",
      "collectives.validateSatellites=\(options.validateSatellites)",
      "collectives.allowPublishedApprovals=\(options.allowPublishedApprovals)",
      "collectives.requestKinds=\(kinds(options.requestKinds))", "collectives.voteKinds=\(kinds(options.voteKinds))",
      "collectives.approvalKinds=\(kinds(options.approvalKinds))", "collectives.transferKinds=\(kinds(options.transferKinds))",
      "collectives.leadtimeKinds=\(kinds(options.leadtimeKinds))", "collectives.productPriceUnit=\(options.productPriceUnit.rawValue)",
      "collectives.totalOnly=\(options.totalOnly)", "collectives.acceptUnverifiedTxid=\(options.acceptUnverifiedTxid)",
      "collectives.trustedZappers=\(list(options.trustedZappers))",
      "collectives.zappers=\(options.zappers.map { "\($0.key.hex)=\(list($0.value))" }.sorted().joined(separator: ";"))",
    ]
  }

  private static func groups(_ options: GroupsOptions) -> [String] {
    [
      "groups.enabled=\(options.isEnabled)", "groups.kinds=\(options.kinds.named.map { "\($0.name):\($0.kind)" }.joined(separator: ","))",
      "groups.modificationCountsAsVote=\(options.modificationCountsAsVote)", "groups.allowDuplicateInit=\(options.allowDuplicateInit)",
      "groups.allowNestedAdd=\(options.allowNestedAdd)", "groups.proposalsFrom=\(options.proposalsFrom.rawValue)",
      "groups.forkPolicy=\(options.forkPolicy.rawValue)", "groups.maxLagSeconds=\(options.maxLagSeconds)", "groups.maxDepth=\(options.maxDepth)",
      "groups.maxElectorate=\(options.maxElectorate)", "groups.maxForkDepth=\(options.maxForkDepth)",
      "groups.maxBranchesPerParent=\(options.maxBranchesPerParent)", "groups.maxAddsPerModification=\(options.maxAddsPerModification)",
      "groups.openProposalsPerAuthor=\(options.openProposalsPerAuthor)",
      "groups.maxLimitingProposals=\(options.maxLimitingProposals)", "groups.maxMetaKeys=\(options.maxMetaKeys)",
      "groups.maxMetaBytes=\(options.maxMetaBytes)", "groups.acceptNip03=\(options.acceptNip03)",
      "groups.nodes=\(list(all(options.followUps)))",
    ]
  }

  /// With this node, so that nodes that list each other have the same.
  private static func all(_ options: FollowUpOptions) -> Set<PublicKey> { options.nodeKey.map { options.nodes.union([$0]) } ?? options.nodes }

  private static func list(_ keys: Set<PublicKey>) -> String { keys.map(\.hex).sorted().joined(separator: ",") }
}
