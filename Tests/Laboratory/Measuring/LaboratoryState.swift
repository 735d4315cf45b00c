// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import Judgement
import Nostr
import Policy
import StateStore
import TestSupport

/// A state and its judge in this process, with the follow-ups of a node.
struct LaboratoryState {
  let store: StateStore
  let judge: Judge
  let registry: DomainRegistry

  init(directory: String, mapSizeMiB: Int = 1024, durability: Durability, clock: CommitClock? = nil) throws {
    let node = TestKey("laboratory node").pubkey
    // No vote is ever approved: one more can always be measured.
    let crowdfunding = CrowdfundingOptions(assetsVoteThreshold: Amount(hundredths: .max), followUps: FollowUpOptions(nodeKey: node))
    registry = DomainRegistry([CrowdfundingValidator(options: crowdfunding)])
    var options = StoreOptions(directory: directory, tables: registry.tables, mapSizeMiB: mapSizeMiB, durability: durability)
    if let clock {
      options.faultInjection = { point in
        if case .commit = point { clock.mark() }
        return 0
      }
    }
    store = try StateStore(options)
    judge = try Judge(store: store, registry: registry)
  }

  /// Judges a live event; throws when it is not accepted.
  func accept(_ raw: [UInt8], receivedAt: UInt64) throws {
    let judgement = judge.judge(raw: raw, in: Circumstances(receivedAt: receivedAt, source: .ip4))
    guard judgement.decision == .accept, judgement.isWritten else {
      throw LaboratoryFailure("an event of the laboratory was not accepted: \(judgement.decision) \(judgement.fault?.detail ?? "")")
    }
  }
}
