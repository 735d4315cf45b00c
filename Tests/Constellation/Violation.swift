// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// A promise of the spec that a history broke. Source: constellation spec, *How it is proved*.
public struct Violation: Sendable, CustomStringConvertible {
  public enum Kind: String, Sendable, CaseIterable {
    case digest = "the digests differ"
    case decision = "the decisions differ, and are not disputed at all"
    case outcome = "what the nodes decide differs for good"
    case rebuild = "judged again, the journal gives something else"
    case receipt = "one node made two receipts for one reaction"
    case held = "something counts that no relay holds"
    case paidOnDispute = "something was paid on a dispute"
    case fault = "the program had a fault"
  }

  public let kind: Kind
  public let details: String

  init(_ kind: Kind, _ details: String) {
    self.kind = kind
    self.details = details
  }

  public var description: String { "\(kind.rawValue): \(details)" }
}

extension Constellation {
  /// What is broken now, and what was on the way.
  ///
  /// - Parameter rebuilding: the numbers of the nodes whose journals are judged again.
  func check(rebuilding: [Int]) throws -> [Violation] {
    var found = violations
    let digests = try nodes.map { try $0.daemon.digests() }
    for (index, first) in (digests.first ?? []).enumerated() {
      let all = digests.map { String($0[index].digest.prefix(8)) }
      guard Set(digests.map { $0[index].digest }).count > 1 else { continue }
      found.append(Violation(.digest, "\(first.domain) \(listed(all))\(first.domain == "crowdfunding" ? try differences() : "")"))
    }
    for number in 0..<2 { found += try checkDecisions(Events.project(number)) }
    found += try checkOutcomes()
    for number in rebuilding where nodes.indices.contains(number) { found += try checkRebuild(nodes[number]) }
    found += try checkHeld()
    for node in nodes {
      for (reaction, receipts) in node.daemon.receipts where receipts.count > 1 {
        found.append(Violation(.receipt, "\(node.name) made \(receipts.count) for \(reaction.short)"))
      }
      if let fault = node.daemon.faults.first { found.append(Violation(.fault, "\(node.name): \(fault)")) }
    }
    return found
  }

  /// What counts at some nodes only, and the steps that made it.
  private func differences() throws -> String {
    let counted = try nodes.map { try $0.daemon.counted() }
    let all = counted.reduce(into: Set<EventID>()) { $0.formUnion($1) }
    let lines = all.sorted().compactMap { id -> String? in
      let places = nodes.indices.filter { counted[$0].contains(id) }
      return places.count == nodes.count ? nil : "\n     \(words(id)) counts at \(places.map { nodes[$0].name }.joined(separator: ", ")) only"
    }
    return lines.joined()
  }

  /// An event, and the step that made it.
  private func words(_ id: EventID) -> String {
    let step = made.first { $0.value.contains { $0.id == id } }?.key
    return id.short + (step.map { " of step \($0)" } ?? "")
  }

  private func listed(_ values: [String]) -> String { zip(nodes, values).map { "\($0.name) \($1)" }.joined(separator: ", ") }

  private func checkDecisions(_ project: String) throws -> [Violation] {
    let decisions = try nodes.map { try $0.daemon.decision(project) }
    guard Set(decisions).count > 1, try nodes.contains(where: { try !$0.daemon.disputed(project) }) else { return [] }
    return [Violation(.decision, "\(project) " + listed(decisions.map { $0?.description ?? "unknown" }))]
  }

  /// By then every contested node of a group has taken effect (groups, 6.12), so that what labels do not settle is settled by time.
  private var settledAt: UInt64 { now + 11 * 86_400 }

  /// Groups' tips, collectives' heads, and the campaigns' statuses and owners where nothing of them is disputed at all.
  private func checkOutcomes() throws -> [Violation] {
    let outcomes = try nodes.map { try $0.daemon.outcomes(at: settledAt) }
    return try (outcomes.first ?? []).enumerated().compactMap { index, first in
      guard Set(outcomes.map { $0[index].digest }).count > 1 else { return nil }
      if first.domain == "crowdfunding" {
        let isDisputed = try (0..<2).contains { number in try nodes.allSatisfy { try $0.daemon.disputed(Events.project(number)) } }
        if isDisputed { return nil }
      }
      let campaigns = try (0..<2).map { number in
        let project = Events.project(number)
        return try "\n     \(project) \(listed(nodes.map { try $0.daemon.words(of: project) }))"
      }
      let values = listed(outcomes.map { String($0[index].digest.prefix(8)) })
      return Violation(.outcome, "\(first.domain) \(values)\(first.domain == "crowdfunding" ? campaigns.joined() : "")")
    }
  }

  private func checkRebuild(_ node: Node) throws -> [Violation] {
    let rebuilt = try node.daemon.rebuilt(at: settledAt)
    var found: [String] = zip(try node.daemon.digests(), rebuilt.digests).filter { $0 != $1 }.map { "\($1.domain)'s digest" }
    found += zip(try node.daemon.outcomes(at: settledAt), rebuilt.outcomes).filter { $0 != $1 }.map { "\($1.domain)'s outcomes" }
    if !rebuilt.unknown.isEmpty { found.append("not taken: " + rebuilt.unknown.map(words).joined(separator: ", ")) }
    return found.isEmpty ? [] : [Violation(.rebuild, "\(node.name): " + found.joined(separator: ", "))]
  }

  /// Whatever counts anywhere is at some relay, as itself or within a repost by a node.
  private func checkHeld() throws -> [Violation] {
    var held: Set<EventID> = []
    let keys = Set(nodes.indices.map { People.node($0).pubkey })
    for node in nodes {
      for message in node.relay.stored.values {
        held.insert(message.id)
        if let inner = message.inner, keys.contains(message.event.pubkey) { held.insert(inner) }
      }
    }
    return try nodes.flatMap { node in
      try node.daemon.counted().subtracting(held).sorted().map { Violation(.held, "\(words($0)), counted at \(node.name)") }
    }
  }
}
