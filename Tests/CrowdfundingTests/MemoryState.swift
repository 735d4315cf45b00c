// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import TestSupport

@testable import Crowdfunding

/// A state in memory that counts what is read of it: costs are tested by work, not by time.
final class MemoryState: StateReader {
  /// What was read since it was last set to zero.
  struct Work {
    /// Single rows that were looked up.
    var lookups = 0
    /// Rows that a scan came by.
    var visits = 0

    var rows: Int { lookups + visits }
  }

  /// The answer to what is kept aside.
  static let kept = "kept"

  var work = Work()
  /// How many rows the last accepted event wrote.
  private(set) var writes = 0

  private struct Rows {
    /// In order.
    var keys: [[UInt8]] = []
    var values: [[UInt8]: [UInt8]] = [:]

    func place(of key: [UInt8]) -> Int { keys.partitionPoint { !$0.lexicographicallyPrecedes(key) } }
  }

  private var tables: [Table: Rows] = [:]
  private var events: [EventID: (known: KnownEvent, raw: [UInt8])] = [:]
  private var authors: Set<PublicKey> = []
  private let validator: CrowdfundingValidator
  private let verifier: EventVerifier?

  init(_ options: CrowdfundingOptions = Relay.options(node: nil)) {
    validator = CrowdfundingValidator(options: options)
    verifier = try? EventVerifier()
  }

  /// Judges an event and writes what it causes. `accept`, or the refusal's message.
  @discardableResult
  func judge(_ event: Event, from source: SourceType, at receivedAt: UInt64? = nil, isSummoned: Bool = false) throws -> String {
    guard let verifier else { return "no SHA-256" }
    if events[event.id] != nil { return Relay.accept }
    let verified = try verifier.verify(event)
    let circumstances = Circumstances(receivedAt: receivedAt ?? event.createdAt, source: source, isSummoned: isSummoned)
    let prepared: any PreparedEvent
    do {
      prepared = try validator.prepare(verified, in: circumstances, trace: nil)
    } catch let rejection as Rejection {
      return rejection.message
    }
    switch try prepared.decide(in: circumstances, reading: self, trace: nil) {
    case .unchanged: return Relay.accept
    case .accepted(let effects):
      let counted = work
      apply(effects.changes)
      writes = effects.changes.count
      events[event.id] = (KnownEvent(domain: .crowdfunding, note: effects.note, sequence: UInt64(events.count)), event.raw)
      authors.insert(event.pubkey)
      work = counted
      return Relay.accept
    case .kept: return Self.kept
    case .rejected(let rejection), .rejectedLeaving(let rejection, _): return rejection.message
    case .parked(let rejection, _): return rejection.parked.message
    }
  }

  /// Judges an event and says how many rows that read.
  func rowsRead(for event: Event, from source: SourceType, expecting answer: String = Relay.accept) throws -> Int {
    work = Work()
    let given = try judge(event, from: source)
    return given == answer ? work.rows : -1
  }

  /// Makes an event known whose rows a program of before wrote.
  func adopt(_ event: Event, _ kind: CrowdfundingNote.Kind, _ project: ProjectID?) throws {
    guard let verified = try verifier?.verify(event) else { return }
    let note = CrowdfundingNote(kind, verified, project).bytes
    events[event.id] = (KnownEvent(domain: .crowdfunding, note: note, sequence: UInt64(events.count)), event.raw)
    authors.insert(event.pubkey)
  }

  func owns(_ event: Event) throws -> Bool { try validator.owns(event, reading: self) }
  func campaign(_ project: String = "CF-TEST-1") throws -> CampaignRecord? { try ProjectID(project).flatMap { try CampaignRecord.read($0, self) } }

  func digest() throws -> [UInt8] {
    var fed: [UInt8] = []
    try validator.digest(reading: self) { fed += $0 }
    return fed
  }

  func apply(_ changes: [StateChange]) {
    for change in changes {
      switch change {
      case .put(let table, let key, let value), .insert(let table, let key, let value):
        var rows = tables.removeValue(forKey: table) ?? Rows()
        if rows.values.updateValue(value, forKey: key) == nil { rows.keys.insert(key, at: rows.place(of: key)) }
        tables[table] = rows
      case .delete(let table, let key):
        guard var rows = tables.removeValue(forKey: table) else { continue }
        if rows.values.removeValue(forKey: key) != nil { rows.keys.remove(at: rows.place(of: key)) }
        tables[table] = rows
      }
    }
  }

  func value(_ table: Table, _ key: [UInt8]) throws -> [UInt8]? {
    work.lookups += 1
    return tables[table]?.values[key]
  }

  func scan(_ table: Table, prefix: [UInt8], from start: [UInt8]?, _ visit: (_ key: [UInt8], _ value: [UInt8]) throws -> Bool) throws {
    guard let rows = tables[table] else { return }
    let first = start.map { prefix.lexicographicallyPrecedes($0) ? $0 : prefix } ?? prefix
    for key in rows.keys[rows.place(of: first)...] {
      work.visits += 1
      guard key.starts(with: prefix), let value = rows.values[key], try visit(key, value) else { return }
    }
  }

  func last(_ table: Table, prefix: [UInt8], upTo key: [UInt8]) throws -> (key: [UInt8], value: [UInt8])? {
    work.lookups += 1
    guard let rows = tables[table] else { return nil }
    let end = rows.keys.partitionPoint { key.lexicographicallyPrecedes($0) }
    guard end > 0, rows.keys[end - 1].starts(with: prefix), let value = rows.values[rows.keys[end - 1]] else { return nil }
    return (rows.keys[end - 1], value)
  }

  func known(_ id: EventID) throws -> KnownEvent? {
    work.lookups += 1
    return events[id]?.known
  }

  func raw(_ id: EventID) throws -> [UInt8]? {
    work.lookups += 1
    return events[id]?.raw
  }

  func isParked(_ id: EventID, by author: PublicKey) throws -> Bool {
    work.lookups += 1
    return false
  }

  func isKnownAuthor(_ author: PublicKey) throws -> Bool {
    work.lookups += 1
    return authors.contains(author)
  }
}
