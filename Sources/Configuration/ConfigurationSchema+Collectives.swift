// SPDX-License-Identifier: AGPL-3.0-or-later

extension ConfigurationSchema {
  static let collectives: [ConfigurationKey] = [
    .init("collectives.enabled", .boolean, .boolean(true), "judge collectives (kind 31108); false: they are unclaimed"),
    .init(
      "collectives.approve", .fraction(proper: true), .string("1/2"), "a merit request is approved by more than this share of votepower"),
    .init(
      "collectives.veto", .fraction(proper: false), .string("2/100"), "and only while less than this share of votepower is against it"),
    .init(
      "collectives.checkpoint", .boolean, .boolean(false),
      "adopt, from sync, a collective's head whose history is unknown here, unproven and flagged"),
    .init(
      "collectives.forkPolicy", .choice(["firstSeen", "nip01"]), .string("nip01"),
      "which of two updates on one parent counts: nip01 (the later one, as relays keep it), or firstSeen (relays may differ for good)"),
    .init(
      "collectives.genesisMerit", .boolean, .boolean(true), "whether an ignition may give its creator one merit without a request"),
    .init("collectives.allowDeletion", .boolean, .boolean(false), "whether an author may hide a chain that has merits"),
    .init("collectives.maxSecsPerPubkey", .integer(1...1_000_000), .integer(32), "how many collectives one key may create"),
    .init("collectives.dRegex", .pattern, .null, "what the names of collectives must match; null: anything of 1 to 64 bytes without a colon"),
    .init(
      "collectives.acceptUnverifiedTxid", .boolean, .boolean(false),
      "let a Bitcoin transaction that is only named prove the transfer of a merit; nobody checks it here"),
    .init("collectives.requestKinds", .kinds, kinds(1409, 1602), "the kinds of merit requests"),
    .init("collectives.voteKinds", .kinds, kinds(1410, 1603), "the kinds of votes on them"),
    .init("collectives.approvalKinds", .kinds, kinds(1411, 1604), "the kinds that hold a request and its votes"),
    .init("collectives.transferKinds", .kinds, kinds(1415), "the kinds of an owner's transfer, besides 1412 with p"),
    .init("collectives.leadtimeKinds", .kinds, kinds(1414), "the kinds of an owner's change of leadtime"),
    .init(
      "collectives.validateSatellites", .boolean, .boolean(false),
      "check the shape of requests, votes and listings that are published on their own"),
    .init(
      "collectives.allowPublishedApprovals", .boolean, .boolean(false),
      "with validateSatellites: take approvals (1411) too, which are not meant to be published"),
    .init("collectives.productPriceUnit", .choice(["sat", "msat"]), .string("sat"), "the unit of prices"),
    .init(
      "collectives.totalOnly", .boolean, .boolean(false), "compare only the sum of what incoming payments distribute, not each row's share"),
    .init("collectives.trustedZappers", .publicKeys, .array([]), "zappers whose receipts are believed for every payee"),
    .init("collectives.zappers", .zappers, .array([]), "zappers whose receipts are believed for one payee"),
  ]

  private static func kinds(_ kinds: Int64...) -> JSONValue { .array(kinds.map { .integer($0) }) }
}
