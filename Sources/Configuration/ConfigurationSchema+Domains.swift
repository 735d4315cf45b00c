// SPDX-License-Identifier: AGPL-3.0-or-later

extension ConfigurationSchema {
  static let crowdfunding: [ConfigurationKey] = [
    .init("crowdfunding.enabled", .boolean, .boolean(true), "judge campaigns, contributions and votes; false: they are unclaimed"),
    .init(
      "crowdfunding.creators", .choice(["designated", "captains"], later: ["members"]), .string("designated"),
      "who may create a campaign: whoever it designates as captain, or only crowdfunding.captains"),
    .init("crowdfunding.captains", .publicKeys, .array([]), "captains whose campaigns are trusted"),
    .init(
      "crowdfunding.nodes", .publicKeys, .array([]), "other nodes of the constellation: their snapshots, receipts, labels and archives are believed"),
    .init(
      "crowdfunding.umaps", .path, .null,
      "file of the known map cells' keys: one of 64 lowercase hex digits on a line, # starts a comment; null: not checked"),
    .init("crowdfunding.wallets.assets", .g1Key, .null, "where ZEN_CONVERTIBLE goes when the campaign names no wallet"),
    .init("crowdfunding.wallets.capital", .g1Key, .null, "where ZEN_COMMONS goes when the campaign names no wallet"),
    .init("crowdfunding.wallets.g1", .g1Key, .null, "where G1 goes when the campaign names no wallet"),
    .init("crowdfunding.assetsVoteThreshold", .amount, .integer(100), "a vote is approved at this total of Ẑ"),
    .init("crowdfunding.assetsVoteQuorum", .integer(1...1_000_000_000), .integer(10), "and at this many voters"),
    .init(
      "crowdfunding.g1LowThreshold", .integer(0...1_000_000_000), .integer(10_000), "the balance of Ğ1 below which a warning is shown",
      .later("balances")),
    .init(
      "crowdfunding.votes.voters", .choice(["anyone"], later: ["members", "societaires"]), .null,
      "who may vote; null: members where members are configured, else anyone"),
    .init("crowdfunding.votes.settlement", .choice(["none", "transfer"]), .string("none"), "whether a vote moves its weight", .later("settlement")),
    .init("crowdfunding.likes.enabled", .boolean, .boolean(false), "whether likes pay", .later("likes")),
    .init("crowdfunding.likes.defaultAmount", .integer(0...1_000_000), .integer(1), "what a like without a number pays, in Ẑ", .later("likes")),
  ]

  /// Balances and settlement.
  static let money: [ConfigurationKey] = [
    .init("balances.driver", .choice(["none", "command"]), .string("none"), "how balances are known", .later("balances")),
    .init("balances.command", .command, .array([]), "prints one number of Ẑ; {wallet} is replaced", .later("balances")),
    .init("balances.ttlSeconds", .integer(1...86_400), .integer(300), "how long a balance is believed", .later("balances")),
    .init("balances.waitMilliseconds", .integer(0...5000), .integer(0), "how long a request may wait for one", .later("balances")),
    .init("settlement.driver", .choice(["none", "command"]), .string("none"), "none: no money moves here", .later("settlement")),
    .init("settlement.preset", .choice(["payforsure"]), .null, "how the command's results are read", .later("settlement")),
    .init("settlement.command", .command, .array([]), "run for each pending transfer", .later("settlement")),
    .init("settlement.reconcileCommand", .command, .array([]), "looks for a payment on chain", .later("settlement")),
    .init("settlement.timeoutSeconds", .integer(1...86_400), .integer(300), "how long a payment may take", .later("settlement")),
    .init("settlement.maxAgeSeconds", .integer(0...604_800), .integer(3600), "older live events are not paid", .later("settlement")),
    .init("settlement.dailyCapPerMember", .amount, .null, "the most that one member pays in a day", .later("settlement")),
    .init("settlement.capPerTransfer", .amount, .null, "the most that one transfer moves", .later("settlement")),
    .init("settlement.paused", .boolean, .boolean(false), "holds payments back, not acceptance", .later("settlement")),
  ]

  /// The domains that come later. `enabled` is true by the contract; until then their events are unclaimed.
  static let laterDomains: [ConfigurationKey] = [
    .init("economy.enabled", .boolean, .boolean(true), "judge health reports", .later("economy")),
    .init(
      "economy.stations", .other("\"first-seen\" in this version"), .string("first-seen"), "how a station is bound to its key", .later("economy")),
    .init("economy.registry", .path, .null, "a file or directory of stations", .later("economy")),
    .init("economy.strict", .boolean, .boolean(true), "refuse reports whose figures contradict each other", .later("economy")),
    .init("economy.alertKind", .integer(0...65_535), .integer(30853), "the kind of alerts", .later("economy")),
  ]
}
