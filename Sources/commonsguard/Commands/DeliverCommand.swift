// SPDX-License-Identifier: AGPL-3.0-or-later
import CSystem
import Configuration
import Delivery
import Glibc
import Synchronization

/// `deliver`: delivers follow-ups, as a service, or once. It takes the lease over from a plugin that has it.
enum DeliverCommand {
  /// SIGTERM and SIGINT end the service after the batch it is at.
  private static let isEnding = Atomic<Bool>(false)

  static func run(_ installation: Installation, once: Bool) throws {
    let log = LogRenderer(installation.configuration.log)
    signal(SIGPIPE, SIG_IGN)
    for number in [SIGTERM, SIGINT] { signal(number, endDelivery) }
    let store = try installation.store()
    if installation.configuration.delivery.sink == .none {
      Console.note("deliver: delivery.sink is none: follow-ups stay due; events that waited for others are judged, snapshots are built")
    }
    let worker = try DeliverySetup.worker(installation.configuration, store) { log.write($0) }
    let lease = Lease(stateDirectory: installation.configuration.state.path)
    let run = DeliveryRun(store: store, lease: lease, worker: worker, syncs: installation.configuration.state.durability == .relaxed)
    var done = 0
    let total = try run.run(once: once, isCancelled: { isEnding.load(ordering: .relaxed) }) { pass in
      done += pass.delivered
      if Console.stderrIsTerminal { Console.write("\r\u{1b}[Kdeliver: \(done) delivered", to: STDERR_FILENO) }
    }
    if Console.stderrIsTerminal, done > 0 { Console.write("\r\u{1b}[K", to: STDERR_FILENO) }
    if installation.arguments.printsJSON {
      Console.print(
        JSONOutput.object([
          ("delivered", .integer(Int64(total.delivered))), ("retried", .integer(Int64(total.retried))), ("failed", .integer(Int64(total.failed))),
          ("parked", .integer(Int64(total.parked))), ("built", .integer(Int64(total.built))), ("released", .integer(Int64(total.accepted))),
          ("faults", .integer(Int64(total.faults))),
        ]).line)
    } else {
      Console.note(
        "deliver: \(total.delivered) delivered, \(total.retried) to be tried again, \(total.failed) failed, \(total.parked) parked, \(total.built) built"
      )
    }
    if total.failed + total.parked + total.faults > 0 || once && total.retried > 0 {
      throw Failure(.failed, "not everything was delivered; see `commonsguard outbox list`")
    }
  }

  fileprivate static func end() { isEnding.store(true, ordering: .relaxed) }
}

/// A plain function, as a signal handler has to be.
private func endDelivery(_ signal: Int32) { DeliverCommand.end() }
