// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport

/// Relays that live through a history, and what became of them.
final class Constellation {
  let shape: History.Shape
  let nodes: [Node]
  /// Unix seconds, the same at every relay.
  var now = History.start
  /// What was done although it must not be, as it happened.
  private(set) var violations: [Violation] = []
  /// The events that the steps made.
  private(set) var made: [Int: [Event]] = [:]
  private var messages: [EventID: Message] = [:]
  private let mutant: Mutant?

  static let batch = 50

  init(_ shape: History.Shape, mutant: Mutant? = nil) throws {
    self.shape = shape
    self.mutant = mutant
    nodes = try (0..<shape.relays).map { try Node($0, of: shape.relays, shape, mutant) }
  }

  /// Lives through the history and the quiet behind it.
  static func violations(of history: History, mutant: Mutant? = nil) throws -> [Violation] {
    let constellation = try Constellation(history.shape, mutant: mutant)
    for step in history.steps { try constellation.run(step) }
    constellation.becomeQuiet()
    // One of them, so that it stays fast; the same one where the history is shortened.
    return try constellation.check(rebuilding: [Int((history.seed ?? 0) % UInt64(constellation.nodes.count))])
  }

  func message(_ event: Event) -> Message {
    if let message = messages[event.id] { return message }
    let message = Message(event)
    messages[event.id] = message
    return message
  }

  func run(_ step: Step) throws {
    now = max(now, step.time)
    switch step.action {
    case .publish(let draft, let places, let isLost):
      guard let first = places.first else { return }
      // One after the other, so that each stands on what the relay then shows.
      for part in 0..<draft.count {
        let events = try make(draft, part, step, at: nodes[first])
        made[step.number, default: []] += events
        for event in events { for place in places { try send(event, to: place, isLost: isLost) } }
      }
    case .inject(let draft, let place):
      for part in 0..<draft.count {
        let events = try make(draft, part, step, at: nodes[place])
        made[step.number, default: []] += events
        for event in events { nodes[place].offer(message(event), .pulled, at: now) }
        nodes[place].relay.commit()
      }
    case .pull(let here, let there, let most, let isLost): pull(here, from: there, most: most, isLost: isLost)
    case .route(let here, let there): route(here, from: there)
    case .gap(let here, let there): nodes[here].routed[there] = nodes[there].relay.log.count
    case .push(let here, let there): push(here, to: there)
    case .tick(let places): for place in places { nodes[place].daemon.tick(at: now) }
    }
  }

  /// A client publishes.
  @discardableResult
  func send(_ event: Event, to place: Int, isLost: Bool = false) throws -> Bool {
    let node = nodes[place]
    let disputed = try node.disputedClaim(event)
    let isAccepted = node.offer(message(event), .client, at: now)
    if isAccepted, let disputed { violations.append(Violation(.paidOnDispute, "\(node.name) took a claim for \(disputed), which is disputed there")) }
    if isLost { node.relay.kill() } else { node.relay.commit() }
    return isAccepted
  }

  func pull(_ here: Int, from there: Int, most: Int? = nil, isLost: Bool = false) {
    let node = nodes[here]
    let needed = node.relay.lacking(of: nodes[there].relay).prefix(most ?? .max)
    for start in stride(from: 0, to: needed.count, by: Self.batch) {
      let batch = needed[start..<min(start + Self.batch, needed.count)]
      for message in batch { node.offer(message, .pulled, at: now) }
      if isLost, start + Self.batch >= needed.count { node.relay.kill() } else { node.relay.commit() }
    }
  }

  /// A router gets what is still in the database when it looks.
  func route(_ here: Int, from there: Int) {
    let log = nodes[there].relay.log
    for message in log[min(nodes[here].routed[there] ?? 0, log.count)...] where nodes[there].relay.has(message.id) {
      nodes[here].offer(message, .routed, at: now)
    }
    nodes[here].relay.commit()
    nodes[here].routed[there] = log.count
  }

  func push(_ here: Int, to there: Int) {
    let node = nodes[here]
    for message in nodes[there].relay.lacking(of: node.relay) where node.pushed[there, default: []].insert(message.id).inserted {
      nodes[there].offer(message, .pushed(isListed: shape.listsPeers && mutant != .peersAsClients), at: now)
    }
    nodes[there].relay.commit()
  }

  /// Nobody publishes any more; each pulls twice from every other, in a line of n relays n times.
  func becomeQuiet() {
    now += 1000
    for node in nodes { node.daemon.tick(at: now) }
    for _ in 0..<(shape.isLine ? max(2, nodes.count) : 2) {
      for here in nodes.indices {
        for there in nodes.indices where here != there && (!shape.isLine || abs(here - there) == 1) { pull(here, from: there) }
        now += 10
        nodes[here].daemon.tick(at: now)
      }
    }
  }
}

extension Node {
  /// The campaign that an event claims to be paid, where that is disputed here.
  fileprivate func disputedClaim(_ event: Event) throws -> String? {
    guard event.kind == 30904, let status = event.tags.first(named: "status")?[1], status == "funded" || status == "completed",
      let project = event.tags.first(named: "d")?[1]?.string, try daemon.disputed(project)
    else { return nil }
    return project
  }
}
