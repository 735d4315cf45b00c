// SPDX-License-Identifier: AGPL-3.0-or-later
import Judgement
import Nostr
import Policy
import StateStore

/// Medians of deciding one more event on a state, in microseconds.
struct ScaleMeasurement {
  enum Subject: String, CaseIterable {
    case contribution = "contribution to any campaign"
    case popular = "contribution to the largest"
    case vote = "vote"
    case campaign = "new campaign"
  }

  /// The decision alone, on a snapshot, when this process has not touched the pages it reads before (the kernel maps each).
  var touching: [Subject: Double] = [:]
  /// As above, once they are mapped.
  var deciding: [Subject: Double] = [:]
  /// The whole judgement, by durability.
  var relaxed: [Subject: Double] = [:]
  var durable: [Subject: Double] = [:]

  /// Decides, and then judges, `count` more events of each kind, on the state in `directory`.
  /// - Parameter next: the first number that no event of the state has.
  init(directory: String, mapSizeMiB: Int, events: ScaleEvents, next: Int, count: Int) throws {
    var number = next
    for durability in [Durability.relaxed, .full] {
      let state = try LaboratoryState(directory: directory, mapSizeMiB: mapSizeMiB, durability: durability)
      for subject in Subject.allCases {
        // Votes by numbers of their own, since nobody votes twice on a campaign; new campaigns come after those that exist.
        let raw = (0..<count).map { index in
          switch subject {
          case .contribution: events.contribution(number + index, to: (number + index) &* 7919 % events.campaignCount)
          case .popular: events.contribution(number + index, to: 0)
          case .vote: events.vote(number + index)
          case .campaign: events.campaign(number + index)
          }
        }
        number += count
        if durability == .relaxed {
          touching[subject] = try Self.decide(raw, on: state)
          deciding[subject] = try Self.decide(raw, on: state)
        }
        let whole = try Self.judge(raw, on: state)
        if durability == .relaxed { relaxed[subject] = whole } else { durable[subject] = whole }
      }
    }
  }

  private static let receivedAt = ScaleEvents.start + 100_000_000

  private static func decide(_ raw: [[UInt8]], on state: LaboratoryState) throws -> Double {
    guard let validator = state.registry.validators.first else { throw LaboratoryFailure("there is no domain") }
    let verifier = try EventVerifier()
    let circumstances = Circumstances(receivedAt: receivedAt, source: .ip4)
    var samples = Samples(capacity: raw.count)
    for raw in raw {
      let prepared = try validator.prepare(try verifier.verify(Event(parsing: raw)), in: circumstances, trace: nil)
      let began = Stopwatch.nanoseconds()
      let verdict = try state.store.read { try prepared.decide(in: circumstances, reading: $0, trace: nil) }
      samples.add(Stopwatch.nanoseconds() &- began)
      guard case .accepted = verdict else { throw LaboratoryFailure("an event of the laboratory was not accepted: \(verdict)") }
    }
    return samples.median
  }

  private static func judge(_ raw: [[UInt8]], on state: LaboratoryState) throws -> Double {
    var samples = Samples(capacity: raw.count)
    for raw in raw {
      let began = Stopwatch.nanoseconds()
      try state.accept(raw, receivedAt: receivedAt)
      samples.add(Stopwatch.nanoseconds() &- began)
    }
    return samples.median
  }
}
