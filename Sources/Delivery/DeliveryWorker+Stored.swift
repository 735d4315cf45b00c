// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import StateStore

extension DeliveryWorker {
  /// Looked up by one command, whose argument has room for so many ids.
  private static let lookedUpAtOnce = 500
  /// One look passes at most so many rows of the journal.
  private static let maxRows = 5000
  private static let maxLooks = 20
  private static let pauseAfterFailureMilliseconds: UInt64 = 60_000

  private struct LookupFailure: Error, CustomStringConvertible {
    let description: String
  }

  /// Looks up in the relay what was accepted live, some time after its answer, and delivers again what is not there: a relay that was killed between
  /// the answer and its own commit has lost what the state counts. Source: constellation spec, rule 6.
  func confirmStored(_ pass: inout DeliveryPass, _ mayContinue: () -> Bool) throws {
    let now = clock()
    // Not in an hour either: the clock was ahead.
    guard let stored, now >= nextLookupAt || nextLookupAt - now > Self.pauseAfterFailureMilliseconds else { return }
    try askEmptyState(stored)
    for _ in 0..<Self.maxLooks {
      guard mayContinue(), let look = try store.read({ try nextLook($0) }) else { return }
      let (found, failure) = look.events.isEmpty ? ([], nil) : stored.stored(look.events.map(\.id))
      if let failure {
        nextLookupAt = clock() &+ Self.pauseAfterFailureMilliseconds
        return fault(&pass, "cannot look up what the relay has", LookupFailure(description: "delivery.confirm: \(ChildResult.forLog(failure))"))
      }
      let missing = look.events.filter { !found.contains($0.id) }
      try store.write { state in
        var counts = try state.storedCounts()
        guard counts.lookedUpTo < look.end else { return }
        counts.lookedUpTo = look.end
        counts.confirmed += UInt64(look.events.count - missing.count)
        counts.redelivered += UInt64(missing.count)
        try state.setStoredCounts(counts)
        for event in missing {
          let body = FollowUpEvent.Body.signed(raw: event.raw, id: event.id, kind: event.kind)
          try state.enqueue(.again(FollowUpEvent(name: .redelivery, subject: event.id.bytes, trigger: event.id, body: body)), at: look.now)
        }
      }
      pass.confirmed += look.events.count - missing.count
      pass.redelivered += missing.count
      if !missing.isEmpty {
        diagnostics(
          Diagnostic(
            .warning, "delivery.missing", "the relay does not have events that were accepted here: they are delivered again",
            fields: [.init("count", missing.count)]))
      }
    }
  }

  /// The next events to look up, and the journal row up to which that is all; nil when nothing is due.
  private func nextLook(_ state: borrowing StateView) throws -> (events: [Event], end: UInt64, now: UInt64)? {
    let begin = try state.storedCounts().lookedUpTo
    let now = clock() / 1000
    var (events, end): ([Event], UInt64) = ([], begin)
    guard begin < UInt64(clamping: try state.journalCount()) else { return nil }
    try state.journal(from: begin &+ 1) { row in
      // What was received by a clock that was far ahead does not wait for that time.
      let isDue = row.receivedAt &+ options.confirmAfterSeconds <= now || row.receivedAt > now &+ Outbox.longestDelayMilliseconds / 1000
      guard events.count < Self.lookedUpAtOnce, row.sequence - begin <= Self.maxRows else { return false }
      guard case .event(let raw, _, let source, _) = row.content, source.isLive, let event = try? Event(parsing: raw) else {
        end = row.sequence
        return true
      }
      guard isDue else { return false }
      end = row.sequence
      if try !isGone(event, at: now, state) { events.append(event) }
      return true
    }
    return end > begin ? (events, end, now) : nil
  }

  /// Whether the relay need not have it any more: it expired, or was replaced or deleted.
  func isGone(_ event: Event, at now: UInt64, _ state: borrowing StateView) throws -> Bool {
    if let expiration = event.tags.first(named: "expiration")?[1]?.decimal, expiration <= now { return true }
    if try state.deletion(of: event.id, by: event.pubkey) != nil { return true }
    guard let address = event.address else { return false }
    return try state.head(of: address).map { $0.id != event.id } ?? false || state.deletion(of: address, reaching: event.createdAt) != nil
  }

  /// Under this name the state keeps that the relay was asked whether it has a past.
  private static let askedNote = "delivery.asked-past"

  /// A state that begins on a relay that has events already knows nothing of them: said once. Source: constellation spec, rule 9.
  private func askEmptyState(_ stored: any StoredLookup) throws {
    let isToAsk = try store.read { try $0.note(Self.askedNote) == nil }
    guard isToAsk else { return }
    if try store.read({ try $0.journalCount() }) == 0 {
      // Where it cannot be told, it is asked again.
      guard let hasPast = stored.hasAny(of: registry.kindsOfThePast) else {
        nextLookupAt = clock() &+ Self.pauseAfterFailureMilliseconds
        return
      }
      if hasPast {
        diagnostics(
          Diagnostic(
            .warning, "state.relay-has-past",
            "the state is empty, and the relay has events that it should know: stop the relay, and begin with `strfry export | commonsguard rebuild -`")
        )
      }
    }
    try store.write { try $0.setNote(Self.askedNote, [1]) }
  }
}
