// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// One version of a campaign (kind 30904), in either dialect: markdown with tags, or a JSON object.
public struct CampaignVersion: Sendable {
  let project: ProjectID
  let terms: CampaignTerms
  /// The keys of the map cell, in the order given.
  let cells: [PublicKey]
  let bien: PublicKey?
  let bienWallet: G1Key?
  /// The `captain` tag, when it holds a key.
  let designatedCaptain: PublicKey?
  /// Goals whose collected figure cannot be read (C7).
  let unreadableFigures: [GoalType]

  /// The `captain` tag, when it holds a key.
  static func captain(_ event: Event) -> PublicKey? { event.tags.first(named: "captain")?[1].flatMap { PublicKey(hex: $0) } }

  /// The context-free checks C1–C10, in order. Throws a `Rejection`.
  init(parsing event: VerifiedEvent, in circumstances: Circumstances, options: CrowdfundingOptions, trace: CheckTrace?) throws {
    let source = CampaignSource(event.event)
    trace?.enter("C1")
    let identifier = try source.identifier()
    trace?.enter("C2")
    let title = try source.title()
    trace?.enter("C3")
    project = try source.project(identifier: identifier)
    trace?.enter("C4")
    try source.checkPlace()
    trace?.enter("C5")
    (cells, bien) = try source.cellsAndBien()
    if let known = options.umaps, !circumstances.isRejudged, !cells.allSatisfy({ known.contains($0) }) { throw CrowdfundingRejection.unknownCell }
    trace?.enter("C6")
    let owners = try source.owners()
    trace?.enter("C7")
    let goals = try source.goals()
    trace?.enter("C8")
    let wallets = try source.wallets()
    bienWallet = try source.bienWallet()
    trace?.enter("C9")
    let status = try source.status()
    let closedAt = try source.closedAt(status: status)
    try source.checkGovernance()
    trace?.enter("C10")
    try source.checkSecrets()
    designatedCaptain = Self.captain(event.event)
    unreadableFigures = source.unreadableFigures()
    terms = CampaignTerms(
      status: status, closedAt: closedAt, goals: goals, inactiveGoals: source.inactiveGoals(), wallets: wallets,
      owners: CampaignTerms.digest(of: owners), commons: CampaignTerms.commons(of: owners),
      title: String(decoding: title.bytes.prefix(256), as: UTF8.self), identifier: identifier)
  }
}
