// SPDX-License-Identifier: AGPL-3.0-or-later
import Constellation
import Dispatch
import Glibc
import Synchronization

/// Many random histories of several relays.
struct ConstellationCommand: Subcommand {
  static let name = "constellation"
  static let summary = "lets several modelled relays live through random histories, and tells what they do not agree on"
  static let help = """
    usage: laboratory constellation [SEEDS] [--from SEED] [--jobs N] [--mutant NAME] [--keep-going] [--whole]

    Runs SEEDS (1000) histories from seed 1 on, on N (2) threads. Each that breaks a promise is shortened and printed; ends with 1 where there is one,
    and after the first unless told to keep going. --whole leaves them as they are.

    --mutant NAME   takes one rule away, and says after how many histories that is found; ends with 0 when it is, with 1 when it is not. NAME is one of
    \(Mutant.allCases.map { "                " + $0.rawValue }.joined(separator: "\n"))
    """

  static func run(_ arguments: [String]) throws -> Bool {
    let options = try Options(arguments, values: ["from", "jobs", "mutant"], flags: ["keep-going", "whole"])
    guard options.operands.count <= 1, let seeds = Int(options.operands.first ?? "1000"), seeds > 0 else {
      throw UsageError(message: "SEEDS wants a number above 0")
    }
    let mutant = try options.text("mutant").map { name in
      guard let mutant = Mutant(rawValue: name) else { throw UsageError(message: "there is no mutant \(name)") }
      return mutant
    }
    let from = UInt64(try options.number("from", default: 1))
    let run = Run(
      from: from, seeds: seeds, mutant, keepsGoing: options.has("keep-going") && mutant == nil,
      minimises: mutant == nil && !options.has("whole"))
    DispatchQueue.concurrentPerform(iterations: max(1, try options.number("jobs", default: 2))) { _ in run.work() }
    Output.endProgress()
    return try run.report()
  }

  /// What the threads share.
  private final class Run: Sendable {
    private struct State {
      var next: UInt64
      var done = 0
      var failed: [Trial] = []
      var error: String?
    }

    private let seeds: Int
    private let from: UInt64
    private let mutant: Mutant?
    private let keepsGoing: Bool
    private let minimises: Bool
    private let state: Mutex<State>

    init(from: UInt64, seeds: Int, _ mutant: Mutant?, keepsGoing: Bool, minimises: Bool) {
      self.from = from
      self.seeds = seeds
      self.mutant = mutant
      self.keepsGoing = keepsGoing
      self.minimises = minimises
      state = Mutex(State(next: from))
    }

    func work() {
      while let seed = take() {
        do {
          let trial = try Trial.run(seed: seed, mutant: mutant, minimises: minimises)
          state.withLock { state in
            state.done += 1
            if let trial { state.failed.append(trial) }
            progress(state)
          }
        } catch {
          state.withLock { $0.error = "seed \(seed): \(error)" }
        }
      }
    }

    private func take() -> UInt64? {
      state.withLock { state in
        guard state.error == nil, state.next < from + UInt64(seeds), keepsGoing || state.failed.isEmpty else { return nil }
        defer { state.next += 1 }
        return state.next
      }
    }

    private func progress(_ state: State) {
      let width = 40
      let full = state.done * width / seeds
      let bar = String(repeating: "#", count: full) + String(repeating: ".", count: width - full)
      Output.progress("[\(bar)] \(state.done) of \(seeds) histories, \(state.failed.count) failed")
    }

    /// - Returns: whether the answer is the one that is wished for.
    func report() throws -> Bool {
      try state.withLock { state in
        if let error = state.error { throw LaboratoryFailure(error) }
        let failed = state.failed.sorted { $0.seed < $1.seed }
        if let mutant {
          guard let first = failed.first else {
            Output.line("\(mutant.rawValue): not found in \(seeds) histories from seed \(from) on")
            return false
          }
          Output.line("\(mutant.rawValue): found after \(first.seed - from + 1) histories (\(first.violations.first?.description ?? ""))")
          return true
        }
        for trial in failed { Output.line(trial.description + "\n") }
        for kind in Violation.Kind.allCases {
          let count = failed.count { $0.violations.contains { $0.kind == kind } }
          if count > 0 { Output.line("\(count) histories: \(kind.rawValue)") }
        }
        Output.line("\(state.done) histories from seed \(from) on, \(failed.count) failed")
        return failed.isEmpty
      }
    }
  }
}
