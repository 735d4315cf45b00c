// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Policy

/// The open tables of a state: the store's own, and those that the domains declare. Made by `StateStore` alone.
///
/// ```
/// meta              name                              → bytes
/// journal           sequence 8                        → JournalRow
/// events            id 32                             → domain 1 · sequence 8 · note
/// outbox            sequence 8                        → OutboxRow   (due)
/// outbox.stuck      sequence 8                        → OutboxRow   (parked, failed)
/// outbox.done       sequence 8                        → OutboxRow   (delivered)
/// outbox.delivered  delivered at 8 (s) · sequence 8   → 1
/// outbox.ids        id 32                             → sequence 8
/// outbox.newest     domain 1 · name · 0 · subject     → sequence 8  (of what was built last for that request)
/// deferred          domain 1 · name · 0 · subject     → DeferredFollowUp
/// parked            sequence 8                        → ParkedEvent
/// parked.ids        id 32                             → sequence 8
/// parked.waiting    length 1 · dependency · sequence 8 → 1
/// parked.ages       received at 8 (s) · sequence 8    → 1
/// parked.pubkeys    pubkey 32                         → ParkedStanding
/// parked.released   sequence 8                        → 1
/// parked.newest     pubkey 32 · created_at 8 · id 32  → sequence 8
/// parked.ranking    measure 1 · known 1 · amount 8 · pubkey 32 → 1   (events, then bytes)
/// parked.provided   length 1 · dependency             → number 8    (what waits for it and has a lower one is to be released)
/// authors           pubkey 32                         → 1           (of accepted events)
/// heads             address 72                        → AddressHead (the newest accepted event of an address)
/// deletions         see Deletions.swift
/// archives          id 32                             → ArchiveMark
/// archives.owed     dropped id 32 · dropping id 32    → 1           (to be made by the worker)
/// ```
public final class StoreTables: Sendable {
  let meta, journal, events: TableHandle
  let outbox, outboxStuck, outboxDone, outboxDelivered, outboxIDs, outboxNewest, deferred: TableHandle
  let parked, parkedIDs, parkedWaiting, parkedAges, parkedPubkeys, parkedReleased, parkedNewest, parkedRanking: TableHandle
  let parkedProvided, authors: TableHandle
  let heads, deletions, archives, owedArchives: TableHandle
  /// The most bytes that all outbox rows take together.
  let outboxLimitBytes: UInt64
  /// By `Table.slot`.
  private let domains: [TableHandle?]
  /// All of them with their names, the store's own first.
  let named: [(name: String, handle: TableHandle)]

  /// The store's own tables, in the order in which they are opened.
  static let ownNames = [
    "meta", "journal", "events", "outbox", "outbox.stuck", "outbox.done", "outbox.delivered", "outbox.ids", "outbox.newest",
    "deferred", "parked", "parked.ids", "parked.waiting", "parked.ages", "parked.pubkeys", "parked.released", "parked.newest",
    "parked.ranking", "parked.provided", "authors", "heads", "deletions", "archives", "archives.owed",
  ]

  /// All names, the store's own first.
  static func names(_ declared: [Table]) -> [String] { ownNames + declared.map(\.name) }

  /// - Parameters:
  ///   - handles: the open tables, in the order of `names`.
  ///   - mapBytes: how large the state may grow.
  init(_ declared: [Table], _ handles: [TableHandle], mapBytes: Int) throws {
    outboxLimitBytes = Outbox.limitBytes(mapBytes: mapBytes)
    let named = Array(zip(Self.names(declared), handles))
    var remaining = named[...]
    func own(_ name: String) throws -> TableHandle {
      guard let next = remaining.popFirst(), next.0 == name else { throw StoreError.failed(what: "table \(name)", why: "it was not opened") }
      return next.1
    }
    meta = try own("meta")
    journal = try own("journal")
    events = try own("events")
    outbox = try own("outbox")
    outboxStuck = try own("outbox.stuck")
    outboxDone = try own("outbox.done")
    outboxDelivered = try own("outbox.delivered")
    outboxIDs = try own("outbox.ids")
    outboxNewest = try own("outbox.newest")
    deferred = try own("deferred")
    parked = try own("parked")
    parkedIDs = try own("parked.ids")
    parkedWaiting = try own("parked.waiting")
    parkedAges = try own("parked.ages")
    parkedPubkeys = try own("parked.pubkeys")
    parkedReleased = try own("parked.released")
    parkedNewest = try own("parked.newest")
    parkedRanking = try own("parked.ranking")
    parkedProvided = try own("parked.provided")
    authors = try own("authors")
    heads = try own("heads")
    deletions = try own("deletions")
    archives = try own("archives")
    owedArchives = try own("archives.owed")

    var domains = [TableHandle?](repeating: nil, count: Table.maxPerDomain * (Domain.allCases.count + 1))
    for table in declared {
      guard domains.indices.contains(table.slot), table.ordinal < Table.maxPerDomain else {
        throw StoreError.failed(what: "table \(table.name)", why: "its number is out of range")
      }
      guard domains[table.slot] == nil else { throw StoreError.failed(what: "table \(table.name)", why: "two tables have its number") }
      domains[table.slot] = try own(table.name)
    }
    self.domains = domains
    self.named = named.map { (name: $0.0, handle: $0.1) }
  }

  /// The handle of a domain's table; a fault when it was not declared at the opening.
  @inline(__always)
  func handle(of table: Table) throws -> TableHandle {
    let slot = table.slot
    guard slot < domains.count, let handle = domains[slot] else { throw Fault.invariant("table \(table.name) was not opened") }
    return handle
  }
}
