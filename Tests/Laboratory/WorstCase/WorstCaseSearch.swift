// SPDX-License-Identifier: AGPL-3.0-or-later
import TestSupport

/// The dearest event that was found for one rule.
struct WorstCase {
  let shape: String
  let rule: String
  let cost: Cost
  let answer: String
  let dials: String
  let seed: UInt64
  /// Of how many events the state was made: fewer than the dials say where there was no time for all.
  let size: Int
  /// A program that was just started judged it.
  let isCold: Bool

  var text: String {
    let perByte = fixed(cost.microseconds / Double(max(1, cost.bytes)), 3)
    let grown = cost.grownKiB > 1024 ? "  +\(cost.grownKiB) KiB" : ""
    return "\(cost.isOver ? "OVER" : "ok  ")  \(fixed(cost.microseconds, 0)) µs  \(cost.bytes) B  \(perByte) µs/B\(grown)  \(shape): \(rule)"
      + "\(isCold ? ", just started" : "")  (\(answer))  after \(size) events  --kind \(shape) --seed \(seed) --at \(dials)"
  }
}

/// Looks for the dearest events of one shape: first at the limits, then by turning the dials of the dearest so far.
struct WorstCaseSearch {
  private let shape: HostileShape
  private let seed: UInt64
  private let fixedDials: Dials?
  private var random: SplitMix64
  private(set) var dearest: [String: WorstCase] = [:]
  private(set) var judged = 0

  /// - Parameter dials: judge these alone, to reproduce a find.
  init(_ shape: HostileShape, seed: UInt64, dials: Dials?) {
    self.shape = shape
    self.seed = seed
    fixedDials = dials
    random = SplitMix64(seed: seed)
  }

  private var found: WorstCase? { dearest.values.max { $0.cost.microseconds < $1.cost.microseconds } }

  mutating func run(seconds: Double) throws {
    let began = Stopwatch.nanoseconds()
    var best = (state: fixedDials ?? Dials(highest: shape.state), event: Dials(highest: shape.event))
    var dearestCost = 0.0
    var round = 0
    repeat {
      let left = seconds - Stopwatch.seconds(since: began)
      let state = round == 0 || fixedDials != nil ? best.state : best.state.mutated(shape.state, &random)
      let scene = HostileScene(seed: seed, seconds: max(2, left * 0.6), judge: try HostileJudge())
      let make = try shape.build(scene, state)
      let built = Stopwatch.seconds(since: began)
      note(scene, state)
      // Many events for each state: a state costs much more than an event.
      let probes = fixedDials == nil ? 48 : 5
      for number in 0..<probes where number < 12 || Stopwatch.seconds(since: began) < max(seconds, built * 1.3) {
        let event = fixedDials ?? Self.dials(number, best.event, shape, &random)
        let cost = try probe(scene, make, state, event)
        if cost > dearestCost {
          dearestCost = cost
          best = (state, event)
        }
      }
      round += 1
      Output.progress(
        "worst-case: \(shape.name), state \(round), \(judged) events, dearest \(found.map { fixed($0.cost.microseconds, 0) } ?? "–") µs")
    } while fixedDials == nil && Stopwatch.seconds(since: began) < seconds
  }

  /// The first events are at the limits, each variant once; then half of them come from the dearest, and half from anywhere.
  private static func dials(_ number: Int, _ best: Dials, _ shape: HostileShape, _ random: inout SplitMix64) -> Dials {
    let variants = shape.event.first { $0.name == "variant" }?.range
    var dials: Dials
    if number <= variants?.upperBound ?? 0 {
      dials = Dials(highest: shape.event)
      if variants != nil { dials["variant"] = number }
    } else {
      dials = Bool.random(using: &random) ? best.mutated(shape.event, &random) : Dials(random: shape.event, &random)
    }
    return dials
  }

  /// - Returns: the cost in microseconds.
  private mutating func probe(_ scene: HostileScene, _ make: (Dials) throws -> HostileEvent, _ state: Dials, _ dials: Dials) throws -> Double {
    let isCold = Int.random(in: 0..<8, using: &random) == 0
    if isCold { try scene.restart() }
    let event = try make(dials)
    var (cost, answer) = try scene.cost(of: event)
    judged += 1
    guard cost.microseconds > dearest[event.rule]?.cost.microseconds ?? 0 else { return cost.microseconds }
    // A busy machine makes single measurements too dear: another such event has to cost as much.
    for _ in 0..<2 {
      if isCold { try scene.restart() }
      let again = try make(dials)
      guard again.rule == event.rule else { break }
      let (second, words) = try scene.cost(of: again)
      judged += 1
      if second.microseconds < cost.microseconds, words == answer { (cost, answer) = (second, words) }
    }
    guard cost.microseconds > dearest[event.rule]?.cost.microseconds ?? 0 else { return cost.microseconds }
    var all = state
    for (name, value) in dials.values { all[name] = value }
    dearest[event.rule] = WorstCase(
      shape: shape.name, rule: event.rule, cost: cost, answer: answer, dials: all.text, seed: seed, size: scene.size, isCold: isCold)
    return cost.microseconds
  }

  /// What the state's own events cost.
  private mutating func note(_ scene: HostileScene, _ state: Dials) {
    for (kind, cost) in scene.building {
      let rule = "kind \(kind) of the state itself"
      guard cost.microseconds > dearest[rule]?.cost.microseconds ?? 0 else { continue }
      dearest[rule] = WorstCase(
        shape: shape.name, rule: rule, cost: cost, answer: "accepted", dials: state.text, seed: seed, size: scene.size, isCold: false)
    }
  }
}
