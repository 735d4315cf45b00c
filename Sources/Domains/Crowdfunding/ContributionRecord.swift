// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// One accepted contribution. What became of its money is in the ledger, under the same id.
struct ContributionRecord: Equatable, Sendable {
  let id: EventID
  let createdAt: UInt64
  let pubkey: PublicKey
  let amount: Amount
  let target: GoalType
  /// Accepted live: it keeps the campaign from being deleted here, whatever comes from sync.
  let isLive: Bool

  var position: FoldPosition { FoldPosition(createdAt: createdAt, id: id) }

  // version 1 · target 1 · live 1 · amount 8 · pubkey 32 · unused, what it said of the Bien
  func change(_ project: ProjectID) -> StateChange {
    var writer = RecordWriter(capacity: 112)
    writer.put(UInt8(1))
    writer.put(target.rawValue)
    writer.put(isLive)
    writer.put(amount)
    writer.put(pubkey)
    writer.put(false)
    writer.put(false)
    return .put(CrowdfundingState.contributions, key: CrowdfundingState.timedKey(project, createdAt, id), value: writer.bytes)
  }

  init(_ event: VerifiedEvent, _ contribution: Contribution, isLive: Bool) {
    id = event.id
    createdAt = event.createdAt
    pubkey = event.pubkey
    amount = contribution.amount
    target = contribution.target
    self.isLive = isLive
  }

  init(_ position: FoldPosition, decoding bytes: [UInt8]) throws {
    let table = CrowdfundingState.contributions
    var reader = RecordReader(bytes, of: table)
    try reader.version(1)
    id = position.id
    createdAt = position.createdAt
    target = try reader.goalType(of: table)
    isLive = try reader.bool()
    amount = try reader.amount()
    pubkey = try reader.publicKey()
  }
}
