// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Judgement
import Policy
import StateStore

/// Judges released parked events again, builds deferred follow-ups, and hands due ones to the sink. One works at a time among all processes:
/// whoever runs it holds the `Lease`. Used from one thread.
///
/// Persistence: every step is a transaction of its own, so the process may die at any instruction; what was not noted is done again, and
/// gives the same events. Failure: what the state or the sink refuses is reported as a diagnostic and tried in a later pass; nothing throws.
public final class DeliveryWorker {
  let store: StateStore
  let registry: DomainRegistry
  let judge: Judge
  let options: DeliveryOptions
  let sink: (any Sink)?
  /// Tells what the relay has stored; nil where nothing does.
  let stored: (any StoredLookup)?
  let signer: RowSigner
  /// What the node's key is now, without reading it: another one where held rows may go on.
  private let markKey: () -> [UInt8]
  /// As it was when this pass began.
  var keyMark: [UInt8] = []
  /// Unix milliseconds.
  let clock: () -> UInt64
  /// Any number; it chooses the jitter of retries.
  let random: () -> UInt64
  let diagnostics: @Sendable (Diagnostic) -> Void
  /// How many rows the sink gets at once: fewer after a batch failed as a whole, so that one event that breaks the command is found.
  var batchRows: Int
  /// What became of rows and could not be noted; noted before anything else is sent, so that a full state does not send for ever.
  var unnoted: [OutboxMark] = []
  private var nextPruneAt: UInt64 = 0
  /// Unix milliseconds before which what the relay has is not looked up again, since it could not be told.
  var nextLookupAt: UInt64 = 0
  private var nextTellAt: UInt64 = 0
  private var reported: Set<String> = []
  private var reportAgainAt: UInt64 = 0

  /// - Parameters:
  ///   - judge: this worker's own; its `writesFollowUps` says whether released events are published.
  ///   - key: reads the node's secret key, when a row needs it; nil where none is configured. What it throws is shown to the operator.
  ///   - keyMark: says whether the key, or what is configured of it, is another one: the same bytes while nothing changed.
  ///   - sink: nil for `none`: rows stay due, and the key is never read.
  ///   - stored: what tells which events the relay has (`delivery.confirm`).
  ///   - clock: Unix milliseconds.
  ///   - random: any number, for the jitter of retries.
  public init(
    store: StateStore, registry: DomainRegistry, judge: Judge, options: DeliveryOptions, key: @escaping () throws -> SigningKey?,
    keyMark: @escaping () -> [UInt8] = { [] }, sink: (any Sink)?, stored: (any StoredLookup)? = nil,
    clock: @escaping () -> UInt64 = SystemClock.unixMilliseconds, random: @escaping () -> UInt64 = { .random(in: 0...UInt64.max) },
    diagnostics: @escaping @Sendable (Diagnostic) -> Void
  ) {
    self.store = store
    self.registry = registry
    self.judge = judge
    self.options = options
    self.sink = sink
    self.stored = stored
    self.clock = clock
    self.random = random
    self.diagnostics = diagnostics
    markKey = keyMark
    signer = RowSigner(nodeKey: options.nodeKey, readKey: key)
    batchRows = options.batchRows
  }

  /// Does what is due now, and ends.
  ///
  /// - Parameter mayContinue: asked between two events and between two batches; when it says no the pass ends there.
  public func runOnce(mayContinue: () -> Bool = { true }) -> DeliveryPass {
    var pass = DeliveryPass()
    signer.begin()
    keyMark = markKey()
    step(&pass, "judge released events") { try judgeReleased(&$0, mayContinue) }
    step(&pass, "archive what relays drop") { try makeArchives(&$0, mayContinue) }
    step(&pass, "build deferred follow-ups") { try buildDeferred(&$0, mayContinue) }
    step(&pass, "keep a domain's state up") { try keepUp(&$0, mayContinue) }
    step(&pass, "remove old rows") { try prune(&$0, mayContinue) }
    step(&pass, "look up what was accepted") { try confirmStored(&$0, mayContinue) }
    step(&pass, "go on with held rows") { try resumeHeld(&$0, mayContinue) }
    step(&pass, "deliver") { try deliverDue(&$0, mayContinue) }
    return pass
  }

  /// Milliseconds until something will be due, 0 when something is; nil when that is later than the limit, or the state cannot be read.
  public func millisecondsUntilDue(limit: UInt64) -> UInt64? {
    let now = clock()
    let horizon = now &+ limit
    let due = try? store.read { state in
      if try state.hasMoreToRelease() || !state.releasedEvents(limit: 1).isEmpty || !state.owedArchives(limit: 1).isEmpty { return now }
      var times: [UInt64] = []
      if try state.deferredCount() > 0 {
        times = try state.dueDeferred(now: horizon / 1000, limit: Self.lookedAtRows).filter { registry.validator(of: $0.domain) != nil }
          .map { $0.received(atMost: now / 1000).dueAt.multipliedReportingOverflow(by: 1000).partialValue }
      }
      if sink != nil {
        times += try state.dueFollowUps(now: horizon, limit: Self.lookedAtRows).map { row in
          Outbox.isPutOff(until: row.nextAttemptAt, at: now) ? row.nextAttemptAt : 0
        }
      }
      return times.min() ?? .max
    }
    guard let due, due <= horizon else { return nil }
    return due > now ? due - now : 0
  }

  private static let lookedAtRows = 100
  private static let pruneMilliseconds: UInt64 = 60_000
  private static let tellMilliseconds: UInt64 = 3_600_000
  /// Between two transactions that requests may wait for.
  static let pauseMilliseconds: UInt64 = 1
  /// A pass removes at most so many times a few rows; the next one goes on.
  private static let maxPruneSteps = 100
  private static let reportMilliseconds: UInt64 = 600_000
  private static let maxReported = 100

  /// A step that fails leaves the others to go on.
  private func step(_ pass: inout DeliveryPass, _ what: String, _ body: (inout DeliveryPass) throws -> Void) {
    do { try body(&pass) } catch { fault(&pass, "cannot \(what)", error) }
  }

  /// Reports what the state did not allow; the same words once in ten minutes, since every pass comes by again.
  func fault(_ pass: inout DeliveryPass, _ what: String, _ error: any Error) {
    pass.faults += 1
    let now = clock()
    if now >= reportAgainAt || reportAgainAt - now > Self.reportMilliseconds || reported.count >= Self.maxReported {
      reported = []
      reportAgainAt = now &+ Self.reportMilliseconds
    }
    let words = "\(what): \(error)"
    if reported.insert(words).inserted { diagnostics(Diagnostic(.error, "delivery.fault", words)) }
  }

  /// Removes what is kept no longer, few rows a transaction and with a pause behind each, since requests wait for the same lock.
  private func prune(_ pass: inout DeliveryPass, _ mayContinue: () -> Bool) throws {
    let now = clock()
    // Not in an hour either: the clock was ahead.
    guard now >= nextPruneAt || nextPruneAt - now > Self.pruneMilliseconds else { return }
    for _ in 0..<Self.maxPruneSteps {
      guard mayContinue() else { return }
      let count = try store.write { try $0.pruneOutbox(now: now / 1000, keepingDue: sink == nil ? options.keptRows : nil) }
      pass.pruned += count
      if count == 0 {
        nextPruneAt = now &+ Self.pruneMilliseconds
        return try tellDropped(now)
      }
      SystemClock.sleep(milliseconds: Self.pauseMilliseconds)
    }
  }

  /// Says once in an hour that follow-ups were dropped for want of room, if any were.
  private func tellDropped(_ now: UInt64) throws {
    guard now >= nextTellAt || nextTellAt - now > Self.tellMilliseconds else { return }
    let totals = try store.read { try $0.outboxTotals() }
    guard totals.dropped > totals.told else { return }
    try store.write { try $0.noteDroppedTold(totals.dropped) }
    nextTellAt = now &+ Self.tellMilliseconds
    diagnostics(
      Diagnostic(
        .error, "delivery.outbox-full",
        "the outbox has had its quarter of the state: the oldest follow-ups that waited were dropped; see to the sink, or raise state.mapSizeMiB",
        fields: [.init("count", totals.dropped - totals.told)]))
  }

  /// Under this name the state keeps the `keyMark` under which rows were held last.
  static let heldNote = "delivery.held"

  /// Held rows are due again when the key file or the configuration is another one than when they were held.
  private func resumeHeld(_ pass: inout DeliveryPass, _ mayContinue: () -> Bool) throws {
    guard sink != nil, try store.read({ try $0.stuckFollowUpCount() }) > 0,
      try store.read({ try $0.note(Self.heldNote) }) != keyMark
    else { return }
    while mayContinue() {
      let count = try store.write { try $0.retryStuckFollowUps([.held]) }
      pass.resumed += count
      if count == 0 { return try store.write { try $0.setNote(Self.heldNote, keyMark) } }
      SystemClock.sleep(milliseconds: Self.pauseMilliseconds)
    }
  }
}
