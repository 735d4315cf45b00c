// SPDX-License-Identifier: AGPL-3.0-or-later
import CSystem
import Configuration
import Delivery
import Glibc
import Policy
import StateStore
import Synchronization

/// `deliver`: delivers follow-ups, as a service, or once. It takes the lease over from a plugin that has it.
enum DeliverCommand {
  /// SIGTERM and SIGINT end the service after the batch it is at; the second one ends it at once, and its sink with it.
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
    let lease = Lease(stateDirectory: installation.configuration.state.path, role: .deliver)
    if !once { log.write(try started(installation, store, lease)) }
    let run = DeliveryRun(store: store, lease: lease, worker: worker, syncs: installation.configuration.state.durability == .relaxed)
    var done = 0
    let total = try run.run(once: once, isCancelled: { isEnding.load(ordering: .relaxed) }, waiting: { log.write(waiting($0)) }) { pass in
      done += pass.delivered
      if Console.stderrIsTerminal { Console.write("\r\u{1b}[Kdeliver: \(done) delivered", to: STDERR_FILENO) }
    }
    if Console.stderrIsTerminal, done > 0 { Console.write("\r\u{1b}[K", to: STDERR_FILENO) }
    let left = try store.read { try Left($0) }
    if installation.arguments.printsJSON {
      Console.print(
        JSONOutput.object([
          ("delivered", .integer(Int64(total.delivered))), ("retried", .integer(Int64(total.retried))), ("failed", .integer(Int64(total.failed))),
          ("held", .integer(Int64(total.held))), ("built", .integer(Int64(total.built))), ("released", .integer(Int64(total.accepted))),
          ("faults", .integer(Int64(total.faults))), ("outbox", .object(left.members)),
        ]).line)
    } else {
      Console.note(
        "deliver: \(total.delivered) delivered, \(total.retried) to be tried again, \(total.failed) failed, \(total.held) held, \(total.built) built")
      if left.isStuck || left.putOff != nil { Console.note("outbox: \(left.words)") }
    }
    if total.failed + total.held + total.faults > 0 || once && (total.retried > 0 || left.isStuck || left.putOff != nil) {
      throw Failure(.failed, "not everything was delivered; see `commonsguard outbox list`")
    }
  }

  /// What is in the outbox and was not delivered.
  private struct Left {
    let counts: OutboxCounts
    let deferred: Int
    let putOff: (count: Int, seconds: UInt64)?

    init(_ state: borrowing some StoreReader & ~Copyable) throws {
      let now = SystemClock.unixMilliseconds()
      counts = try state.outboxCounts()
      deferred = try state.deferredCount()
      putOff = try state.putOffFollowUps(now: now).map { ($0.count, ($0.first - now + 999) / 1000) }
    }

    /// Something waits for the operator.
    var isStuck: Bool { counts.held + counts.failed + counts.unreadable > 0 }

    var words: String {
      var words = "\(counts.due) due"
      if let putOff { words += " (\(putOff.count) put off, the next try in \(putOff.seconds) s)" }
      words += ", \(counts.held) held, \(counts.failed) failed"
      if counts.unreadable > 0 { words += ", \(counts.unreadable) that cannot be read" }
      if isStuck { words += "; `commonsguard outbox list` says why, `commonsguard outbox retry --all` tries them again" }
      return words
    }

    var members: [(String, JSONOutput)] {
      [
        ("due", .integer(Int64(counts.due))), ("putOff", .integer(Int64(putOff?.count ?? 0))), ("held", .integer(Int64(counts.held))),
        ("failed", .integer(Int64(counts.failed))), ("unreadable", .integer(Int64(counts.unreadable))), ("deferred", .integer(Int64(deferred))),
      ]
    }
  }

  /// The first line of the service: what it works on, who delivers now, and what waits.
  private static func started(_ installation: Installation, _ store: StateStore, _ lease: Lease) throws -> Diagnostic {
    let left = try store.read { try Left($0) }
    let sink =
      switch installation.configuration.delivery.sink {
      case .none: "none"
      case .file(let path): path
      case .command(let command): command.joined(separator: " ")
      }
    let holder = try lease.holder().map { "\($0)" } ?? "nobody"
    return Diagnostic(
      left.isStuck ? .warning : .info, "deliver.started", "commonsguard \(Help.version) delivers: \(left.words), \(left.deferred) to be built",
      fields: [.init("state", installation.configuration.state.path), .init("sink", sink), .init("lease", holder)])
  }

  /// A plugin hands over within seconds; another `deliver` does not before it ends.
  private static func waiting(_ holder: Lease.Holder?) -> Diagnostic {
    Diagnostic(
      holder?.role == .deliver ? .warning : .info, "deliver.waiting",
      "\(holder.map { "\($0)" } ?? "another process") has the delivery lease; waiting until it hands it over")
  }

  fileprivate static func end() { isEnding.store(true, ordering: .relaxed) }
}

/// A plain function, as a signal handler has to be.
private func endDelivery(_ number: Int32) {
  DeliverCommand.end()
  signal(number, SIG_DFL)
}
