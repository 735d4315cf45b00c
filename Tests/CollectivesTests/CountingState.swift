// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Nostr
import Policy

/// A state in memory that counts what is asked of it.
final class CountingState: StateReader {
  private let validator: CollectivesValidator
  private let verifier: EventVerifier
  private var tables: [Table: [[UInt8]: [UInt8]]] = [:]
  private var events: [EventID: (known: KnownEvent, raw: [UInt8])] = [:]
  /// Values and entries that were read, events that were looked up.
  private(set) var reads = 0

  init(_ change: (inout CollectivesOptions) -> Void = { _ in }) throws {
    var options = CollectivesOptions()
    change(&options)
    validator = CollectivesValidator(options: options)
    verifier = try EventVerifier(cachedKeys: 16)
  }

  /// What was decided of one event, and at what cost.
  struct Judgement {
    let verdict: Verdict
    let reads: Int

    /// `accept`, or the refusal's message.
    var answer: String {
      switch verdict {
      case .accepted, .unchanged, .kept: Relay.accept
      case .rejected(let rejection), .rejectedLeaving(let rejection, _), .parked(let rejection, _): rejection.message
      }
    }

    /// How many rows it writes.
    var changes: Int {
      switch verdict {
      case .accepted(let effects), .rejectedLeaving(_, let effects): effects.changes.count
      case .unchanged, .rejected, .parked, .kept: 0
      }
    }
  }

  /// Judges an event, and applies what it does.
  @discardableResult
  func judge(_ event: Event, from source: SourceType = .ip4) throws -> Judgement {
    let circumstances = Circumstances(receivedAt: event.createdAt, source: source)
    let prepared = try validator.prepare(try verifier.verify(event), in: circumstances, trace: nil)
    let before = reads
    let verdict = try prepared.decide(in: circumstances, reading: self, trace: nil)
    let judgement = Judgement(verdict: verdict, reads: reads - before)
    switch verdict {
    case .accepted(let effects):
      apply(effects.changes)
      events[event.id] = (KnownEvent(domain: .collectives, note: effects.note, sequence: UInt64(events.count)), event.raw)
    case .rejectedLeaving(_, let effects): apply(effects.changes)
    case .unchanged, .rejected, .parked, .kept: break
    }
    return judgement
  }

  func apply(_ changes: [StateChange]) {
    for change in changes {
      switch change {
      case .put(let table, let key, let value), .insert(let table, let key, let value): tables[table, default: [:]][key] = value
      case .delete(let table, let key): tables[table]?[key] = nil
      }
    }
  }

  func count(_ table: Table) -> Int { tables[table]?.count ?? 0 }

  func value(_ table: Table, _ key: [UInt8]) throws -> [UInt8]? {
    reads += 1
    return tables[table]?[key]
  }

  func scan(_ table: Table, prefix: [UInt8], from start: [UInt8]?, _ visit: (_ key: [UInt8], _ value: [UInt8]) throws -> Bool) throws {
    let entries = (tables[table] ?? [:]).filter { key, _ in
      key.starts(with: prefix) && (start.map { !key.lexicographicallyPrecedes($0) } ?? true)
    }
    for (key, value) in entries.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }) {
      reads += 1
      if try !visit(key, value) { return }
    }
  }

  func last(_ table: Table, prefix: [UInt8], upTo key: [UInt8]) throws -> (key: [UInt8], value: [UInt8])? {
    reads += 1
    let keys = (tables[table] ?? [:]).keys.filter { $0.starts(with: prefix) && !key.lexicographicallyPrecedes($0) }
    return keys.max { $0.lexicographicallyPrecedes($1) }.flatMap { found in tables[table]?[found].map { (found, $0) } }
  }

  func known(_ id: EventID) throws -> KnownEvent? {
    reads += 1
    return events[id]?.known
  }

  func raw(_ id: EventID) throws -> [UInt8]? {
    reads += 1
    return events[id]?.raw
  }

  func isParked(_ id: EventID, by author: PublicKey) throws -> Bool { false }
  func isKnownAuthor(_ author: PublicKey) throws -> Bool { false }
}
