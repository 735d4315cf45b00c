// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport
import Testing

@testable import Constellation

/// A constellation that a test leads by the hand, step by step on its clock.
final class Scene {
  let world: Constellation

  /// - Parameter late: so many relays more come when all is quiet.
  init(early: Int = 2, late: Int = 0, mutant: Mutant? = nil) throws {
    world = try Constellation(History.Shape(relays: early + late, early: early), mutant: mutant)
  }

  /// So many seconds later.
  @discardableResult
  func after(_ seconds: UInt64) -> UInt64 {
    world.now += seconds
    return world.now
  }

  func accepted(_ event: Event, at place: Int, isLost: Bool = false, sourceLocation: SourceLocation = #_sourceLocation) throws {
    try #require(try world.send(event, to: place, isLost: isLost), "\(world.nodes[place].name) refuses it", sourceLocation: sourceLocation)
  }

  func refused(_ event: Event, at place: Int, sourceLocation: SourceLocation = #_sourceLocation) throws {
    #expect(try !world.send(event, to: place), "\(world.nodes[place].name) accepts it", sourceLocation: sourceLocation)
  }

  func pull(_ here: Int, from there: Int) {
    tick()
    world.pull(here, from: there)
  }

  func tick() { for node in world.nodes { node.daemon.tick(at: world.now) } }

  /// A campaign's first version, or its next one.
  func campaign(_ status: String, to place: Int, number: Int = 0, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let time = after(10)
    try accepted(Events.campaign(number, status, at: time, salt: "\(time)"), at: place, sourceLocation: sourceLocation)
  }

  /// Votes of as many people; three with 2 each are enough.
  @discardableResult
  func votes(_ count: Int, at place: Int, weight: Int = 2, sourceLocation: SourceLocation = #_sourceLocation) throws -> [Event] {
    try (0..<count).map { number in
      let vote = Events.vote(0, by: People.voter(number), weight, at: after(10), salt: "vote")
      // Behind the approval no vote is open.
      if weight * number >= 6 { _ = try world.send(vote, to: place) } else { try accepted(vote, at: place, sourceLocation: sourceLocation) }
      return vote
    }
  }

  func collective(at place: Int, sourceLocation: SourceLocation = #_sourceLocation) throws -> Event {
    let ignition = Events.ignition(at: after(10))
    try accepted(ignition, at: place, sourceLocation: sourceLocation)
    return ignition
  }

  /// Updates in as many seconds, without a worker between them.
  func updates(_ count: Int, at place: Int, sourceLocation: SourceLocation = #_sourceLocation) throws {
    for _ in 0..<count {
      let head = try #require(world.nodes[place].relay.newest(of: Events.collective)?.event, sourceLocation: sourceLocation)
      let time = after(1)
      try accepted(Events.update(on: head, at: time, salt: "\(time)"), at: place, sourceLocation: sourceLocation)
    }
  }

  /// All becomes quiet. What is broken then.
  func end() throws -> [Violation] {
    world.becomeQuiet()
    return try world.check(rebuilding: Array(world.nodes.indices))
  }
}
