// SPDX-License-Identifier: AGPL-3.0-or-later

extension ConfigurationSchema {
  /// Groups. Source: contract, and groups 6.1. The day counts and majorities are no keys: relays have to agree on them.
  static let groups: [ConfigurationKey] = [
    .init("groups.enabled", .boolean, .boolean(true), "judge groups; false: their events are unclaimed"),
    .init("groups.kinds.init", .integer(1000...9999), .integer(4830), "the kind of a group's first event"),
    .init("groups.kinds.proposal", .integer(1000...9999), .integer(4831), "the kind of proposals"),
    .init("groups.kinds.vote", .integer(1000...9999), .integer(4832), "the kind of votes"),
    .init("groups.kinds.modification", .integer(1000...9999), .integer(4833), "the kind of modifications"),
    .init("groups.kinds.attest", .integer(1000...9999), .integer(4834), "the kind of attestations"),
    .init("groups.proposalsFrom", .choice(["anyone", "members", "admins"]), .string("anyone"), "who may propose"),
    .init(
      "groups.forkPolicy", .choice(["attested", "strict"]), .string("attested"),
      "attested: side branches are kept, and the better attested one is followed; strict: only the tip can be modified"),
    .init(
      "groups.headersFile", .path, .null,
      "Bitcoin block headers, 80 bytes each from block 0 on, for collectives' block hashes too; null: no time stamp can be verified, no hash is checked"
    ),
    .init("groups.nodes", .publicKeys, .null, "the nodes whose labels of group events are believed; null: those of crowdfunding.nodes"),
    .init("groups.acceptNip03", .boolean, .boolean(true), "read NIP-03 time stamps (kind 1040) of group events"),
    .init("groups.modificationCountsAsVote", .boolean, .boolean(true), "an author's modification is a yes to the proposals that it carries out"),
    .init("groups.allowDuplicateInit", .boolean, .boolean(true), "a pubkey may stand several times in the first members, and weighs as often"),
    .init("groups.allowNestedAdd", .boolean, .boolean(true), "groups may be added to a group after its beginning"),
    .init("groups.maxLagSeconds", .integer(60...2_592_000), .integer(7200), "how old a live proposal or modification may be"),
    .init("groups.maxDepth", .integer(1...16), .integer(8), "how deep groups may nest, admin groups included"),
    .init(
      "groups.maxElectorate", .integer(1...100_000), .integer(10_000), "how many administrators a group may have, those of nested groups included"),
    .init("groups.maxForkDepth", .integer(0...10_000), .integer(64), "how far behind the tip a branch may begin"),
    .init("groups.maxBranchesPerParent", .integer(1...1000), .integer(8), "how many modifications may follow the same one"),
    .init("groups.maxAddsPerModification", .integer(1...1000), .integer(50), "how many members one modification may add without a vote"),
    .init("groups.openProposalsPerAuthor", .integer(1...1000), .integer(20), "how many open proposals an author may have in a group"),
    .init("groups.maxLimitingProposals", .integer(1...1000), .integer(256), "how many open proposals that limit administrators a group may have"),
    .init("groups.maxMetaKeys", .integer(1...4096), .integer(256), "how many keys the meta of a group may have"),
    .init("groups.maxMetaBytes", .integer(1...65_536), .integer(16_384), "how many bytes the keys and values of a group's meta may have together"),
  ]
}
