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

  // version 1 · target 1 · amount 8 · pubkey 32
  func change(_ project: ProjectID) -> StateChange {
    var writer = RecordWriter(capacity: 48)
    writer.put(UInt8(1))
    writer.put(target.rawValue)
    writer.put(amount)
    writer.put(pubkey)
    return .put(CrowdfundingState.contributions, key: CrowdfundingState.timedKey(project, createdAt, id), value: writer.bytes)
  }

  init(_ event: VerifiedEvent, _ contribution: Contribution) {
    id = event.id
    createdAt = event.createdAt
    pubkey = event.pubkey
    amount = contribution.amount
    target = contribution.target
  }

  init(_ position: FoldPosition, decoding bytes: [UInt8]) throws {
    let table = CrowdfundingState.contributions
    var reader = RecordReader(bytes, of: table)
    try reader.version(1)
    id = position.id
    createdAt = position.createdAt
    target = try reader.goalType(of: table)
    amount = try reader.amount()
    pubkey = try reader.publicKey()
  }
}
