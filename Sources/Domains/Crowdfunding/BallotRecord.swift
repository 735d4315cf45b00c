// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// One entry in the order in which a campaign's vote is folded.
struct BallotRecord: Equatable, Sendable {
  enum Content: Equatable, Sendable {
    case vote(weight: Amount, BindingClaims)
    /// The voter took votes back: one deletion may name several.
    case deletion(of: [EventID])
  }

  let position: FoldPosition
  let pubkey: PublicKey
  let content: Content
  /// Accepted live: it counts whatever was learnt later of the campaign's past.
  let isLive: Bool
  /// Whether the vote is part of the total.
  var isCounted: Bool

  var isVote: Bool {
    if case .vote = content { true } else { false }
  }

  // version 1 · type 1 (1 vote, 2 deletion) · live 1 · counted 1 · pubkey 32 · weight 8, claims or targets n×32
  func change(_ project: ProjectID) -> StateChange {
    var writer = RecordWriter(capacity: 112)
    writer.put(UInt8(1))
    switch content {
    case .vote: writer.put(UInt8(1))
    case .deletion: writer.put(UInt8(2))
    }
    writer.put(isLive)
    writer.put(isCounted)
    writer.put(pubkey)
    switch content {
    case .vote(let weight, let claims):
      writer.put(weight)
      writer.put(claims)
    case .deletion(let targets): for target in targets { writer.put(target) }
    }
    return .put(CrowdfundingState.ballots, key: CrowdfundingState.timedKey(project, position.createdAt, position.id), value: writer.bytes)
  }

  init(_ position: FoldPosition, _ pubkey: PublicKey, _ content: Content, isLive: Bool, isCounted: Bool) {
    self.position = position
    self.pubkey = pubkey
    self.content = content
    self.isLive = isLive
    self.isCounted = isCounted
  }

  init(_ position: FoldPosition, decoding bytes: [UInt8]) throws {
    let table = CrowdfundingState.ballots
    var reader = RecordReader(bytes, of: table)
    try reader.version(1)
    self.position = position
    let type = try reader.uint8()
    isLive = try reader.bool()
    isCounted = try reader.bool()
    pubkey = try reader.publicKey()
    switch type {
    case 1:
      let weight = try reader.amount()
      content = .vote(weight: weight, try reader.bindingClaims())
    case 2:
      var targets: [EventID] = []
      while !reader.isAtEnd { targets.append(try reader.eventID()) }
      content = .deletion(of: targets)
    default: throw Fault.corrupt(table, "unknown ballot")
    }
  }
}
