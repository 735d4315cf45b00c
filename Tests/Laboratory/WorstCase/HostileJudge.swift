// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Crowdfunding
import Groups
import Judgement
import Nostr
import Policy
import StateStore
import TestSupport

/// A state of its own with all domains and the follow-ups of a node, which says what each judgement costs.
final class HostileJudge {
  private let folder: TemporaryDirectory
  private let store: StateStore
  private var judge: Judge
  private let meter = CostMeter()
  private let node = TestKey("laboratory node").pubkey

  init() throws {
    folder = try TemporaryDirectory()
    let registry = Self.registry(node)
    store = try StateStore(StoreOptions(directory: folder.path + "/state", tables: registry.tables, mapSizeMiB: 8192, durability: .relaxed))
    judge = try Judge(store: store, registry: registry)
  }

  private static func registry(_ node: PublicKey) -> DomainRegistry {
    let followUps = FollowUpOptions(nodeKey: node)
    var groups = GroupsOptions()
    groups.followUps = followUps
    return DomainRegistry([
      // No vote is ever approved: one more can always be measured.
      CrowdfundingValidator(options: CrowdfundingOptions(assetsVoteThreshold: Amount(hundredths: .max), followUps: followUps)),
      CollectivesValidator(options: CollectivesOptions(followUps: followUps)), GroupsValidator(options: groups),
    ])
  }

  /// As a program that was just started: nothing is cached.
  func restart() throws { judge = try Judge(store: store, registry: Self.registry(node)) }

  /// Judges an event, and says what it cost and what was answered. Throws where it could not be judged.
  func cost(of event: HostileEvent, at receivedAt: UInt64) throws -> (cost: Cost, decision: Decision) {
    let circumstances = Circumstances(receivedAt: receivedAt, source: event.source)
    if event.isDry {
      var decision = Decision.accept
      let cost = try meter.measure(event.raw.count) { decision = try judge.explain(raw: event.raw, in: circumstances).decision }
      return (cost, decision)
    }
    var decision = Decision.accept
    var fault: Fault?
    let cost = meter.measure(event.raw.count) {
      let judgement = judge.judge(raw: event.raw, in: circumstances)
      (decision, fault) = (judgement.decision, judgement.fault)
    }
    if let fault { throw LaboratoryFailure("\(event.rule): \(fault.answer): \(fault.detail)") }
    return (cost, decision)
  }
}
