// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy
import StateStore

extension DeliveryWorker {
  /// Then the other steps have their turn.
  private static let maxBatches = 100
  /// When so many single events in a row are refused, it is the sink that is away, not an event that is bad.
  private static let maxLoneFailures = 2

  /// Signs due rows, hands them to the sink batch by batch, and notes what became of them. Ends when the sink takes nothing of a batch.
  func deliverDue(_ pass: inout DeliveryPass, _ mayContinue: () -> Bool) throws {
    guard let sink else { return }
    try note()
    // What fails in this pass is due later than this, so no row comes up twice.
    let now = clock()
    var loneFailures = 0
    for _ in 0..<Self.maxBatches {
      guard mayContinue() else { return }
      let rows = try store.read { try $0.dueFollowUps(now: now, limit: batchRows) }
      if rows.isEmpty { return }
      let needless = try store.read { state in try rows.filter { try isNeedless($0, state) } }
      if !needless.isEmpty {
        unnoted = needless.map { OutboxMark(row: $0, fate: .delivered, at: clock()) }
        try note()
        continue
      }
      let (batch, signed, unsent) = sign(rows)
      let outcomes = signed.isEmpty ? [] : sink.deliver(signed)
      unnoted = unsent
      let isRefused = !batch.isEmpty && outcomes.allSatisfy { $0.isRetry }
      if isRefused, batch.count > 1 {
        // One event may have broken the command for all: halve until it stands alone. The others have not failed, and no attempt of theirs counts.
        batchRows = max(1, batch.count / 2)
        report(unnoted, &pass)
        try note()
        continue
      }
      for (index, row) in batch.enumerated() {
        unnoted.append(mark(row, outcomes.indices.contains(index) ? outcomes[index] : .retry("the sink does not say what became of it")))
      }
      takeIn(zip(batch, signed).enumerated().filter { outcomes.indices.contains($0.offset) && outcomes[$0.offset].isDelivered }.map(\.element), &pass)
      report(unnoted, &pass)
      try note()
      loneFailures = isRefused ? loneFailures + 1 : 0
      if loneFailures == Self.maxLoneFailures {
        pass.isSinkFailing = true
        return
      }
      if !isRefused { batchRows = min(options.batchRows, batchRows * 2) }
    }
  }

  /// What this node says to others is in its own journal too, so that its export says it: the sink hands it to the relay past the plugin.
  /// What cannot be judged stands in no other row's way: it is at the relay, and the others have it from there.
  private func takeIn(_ delivered: [(row: OutboxRow, signed: SignedRow)], _ pass: inout DeliveryPass) {
    let said = delivered.filter { [.decisionLabel, .contributionReceipt, .attestation].contains($0.row.name) }.map(\.signed.line)
    for start in stride(from: 0, to: said.count, by: Outbox.rowsPerStep) {
      do { try judge.takeIn(said[start..<min(start + Outbox.rowsPerStep, said.count)], at: clock() / 1000) } catch {
        fault(&pass, "what this node said cannot be journalled", error)
      }
    }
  }

  /// One archive is enough: another node's is here. And what was replaced or deleted since it waited no relay stores: it would be tried until it is given up.
  private func isNeedless(_ row: OutboxRow, _ state: borrowing StateView) throws -> Bool {
    switch row.name {
    case .archive:
      guard let dropped = Bytes32(row.subject).map(EventID.init) else { return false }
      return try state.archives(of: dropped).contains(.another)
    case .parkedEvent, .redelivery:
      guard case .signed(let raw) = row.body, let event = try? Event(parsing: raw) else { return false }
      return try isGone(event, at: clock() / 1000, state)
    default: return false
    }
  }

  /// The rows that can be sent, with their signed form, and what becomes of those that cannot. Stops where the batch is large enough.
  private func sign(_ rows: [OutboxRow]) -> (batch: [OutboxRow], signed: [SignedRow], unsent: [OutboxMark]) {
    var batch: [OutboxRow] = []
    var signed: [SignedRow] = []
    var unsent: [OutboxMark] = []
    var waiting: Set<[UInt8]> = []
    var bytes = 0
    defer { signer.forgetKey() }
    for row in rows where !waiting.contains(row.subject) {
      switch signer.sign(row) {
      case .signed(let line):
        bytes += line.line.count
        if bytes > options.batchBytes, !batch.isEmpty { return (batch, signed, unsent) }
        batch.append(row)
        signed.append(line)
      case .held(let why):
        unsent.append(OutboxMark(row: row, fate: .held(why), at: clock()))
      case .failed(let why):
        unsent.append(mark(row, .retry(why)))
        // In order for each subject: what comes after it waits with it.
        waiting.insert(row.subject)
      }
    }
    return (batch, signed, unsent)
  }

  private func mark(_ row: OutboxRow, _ outcome: SinkOutcome) -> OutboxMark {
    let now = clock()
    let fate: OutboxMark.Fate
    switch outcome {
    case .delivered: fate = .delivered
    case .failed(let error): fate = .failed(error)
    case .retry(let error):
      let attempts = row.attempts &+ 1
      if attempts >= options.attempts {
        fate = .failed(error)
      } else {
        fate = .retry(error, at: now &+ BackOff.milliseconds(attempts: attempts, random: random()))
      }
    }
    return OutboxMark(row: row, fate: fate, at: now)
  }

  /// Few rows a transaction, since requests wait for it. When one fails, the marks that are left stay for the next pass.
  private func note() throws {
    while !unnoted.isEmpty {
      let step = unnoted.prefix(Outbox.rowsPerStep)
      try store.write { state in
        for mark in step { try mark.note(in: state) }
        if step.contains(where: \.isHeld) { try state.setNote(Self.heldNote, keyMark) }
      }
      unnoted.removeFirst(step.count)
    }
  }

  /// Failed rows each, the others by number: a sink that is away must not flood the log.
  private func report(_ marks: [OutboxMark], _ pass: inout DeliveryPass) {
    var delivered = 0
    var retried: (count: Int, error: String) = (0, "")
    var held: [String: Int] = [:]
    for mark in marks {
      switch mark.fate {
      case .delivered: delivered += 1
      case .retry(let error, _): retried = (retried.count + 1, error)
      case .held(let why): held[why, default: 0] += 1
      case .failed(let error):
        pass.failed += 1
        let fields = [Diagnostic.Field("id", mark.row.id.hex), .init("kind", mark.row.kind), .init("followUp", mark.row.name.rawValue)]
        diagnostics(
          Diagnostic(
            .error, "delivery.failed",
            "a follow-up is given up: \(ChildResult.forLog(error)); `commonsguard outbox retry \(mark.row.id.short)` tries it again",
            fields: fields))
      }
    }
    if delivered > 0 { diagnostics(Diagnostic(.debug, "delivery.delivered", "follow-ups delivered", fields: [.init("count", delivered)])) }
    if retried.count > 0 {
      diagnostics(
        Diagnostic(
          .warning, "delivery.retry", "follow-ups will be tried again: \(ChildResult.forLog(retried.error))", fields: [.init("count", retried.count)])
      )
    }
    for (why, count) in held {
      diagnostics(
        Diagnostic(
          .error, "delivery.held",
          "follow-ups are held: \(why); they go on when the key or the configuration is set right, or by `commonsguard outbox retry --all`",
          fields: [.init("count", count)]))
      pass.held += count
    }
    pass.delivered += delivered
    pass.retried += retried.count
  }
}

extension SinkOutcome {
  fileprivate var isDelivered: Bool { if case .delivered = self { true } else { false } }
  fileprivate var isRetry: Bool { if case .retry = self { true } else { false } }
}
