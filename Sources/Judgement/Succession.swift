// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import StateStore

/// What relays drop because of an accepted event, or drop of the event itself: the older versions of its address, and what a deletion names.
///
/// A node archives what it drops: what is replaced, if it accepted one of the two live; what is deleted, always. In the transaction in which it comes to
/// know both there is one row for each; the worker makes the archives (`Judge.makeArchives`), so that no event pays for all that it names.
/// Source: constellation spec, rules 2 and 3.
struct Succession {
  private let event: Event
  private let isLive: Bool
  private let receivedAt: UInt64
  private let options: JudgeOptions

  init(_ event: VerifiedEvent, _ circumstances: Circumstances, _ options: JudgeOptions) {
    self.event = event.event
    isLive = circumstances.isLive
    receivedAt = circumstances.receivedAt
    self.options = options
  }

  /// Notes what the event replaces and names, and which archives are owed. For an event that was just accepted and journalled. Throws faults.
  func note(in state: borrowing StateWriter) throws {
    if let deletion = try state.deletion(of: event.id, by: event.pubkey) { try owe(event.id, because: deletion, in: state) }
    if let address = event.address { try replace(address, in: state) }
    if event.kind == 5 { try delete(in: state) }
  }

  private func replace(_ address: Address, in state: borrowing StateWriter) throws {
    let known = try state.head(of: address)
    let isNewest = known?.yields(to: event.createdAt, event.id) ?? true
    var head = isNewest ? AddressHead(createdAt: event.createdAt, id: event.id, day: known?.day ?? 0, updates: known?.updates ?? 0) : known
    if isLive {
      let day = ConstellationOptions.day(of: receivedAt)
      head?.updates = (known?.updates(on: day) ?? 0).addingReportingOverflow(1).partialValue
      head?.day = day
    }
    if let head, head != known { try state.setHead(of: address, head) }
    if let known, known.id != event.id, try isLive || state.wasLive(known.id) {
      if isNewest { try owe(known.id, because: event.id, in: state) } else { try owe(event.id, because: known.id, in: state) }
    }
    if let deletion = try state.deletion(of: address, reaching: event.createdAt) { try owe(event.id, because: deletion, in: state) }
  }

  private func delete(in state: borrowing StateWriter) throws {
    let targets = event.deletionTargets
    try state.note(targetsOf: event)
    for id in Set(targets.ids) where try id != event.id && state.known(id) != nil { try owe(id, because: event.id, in: state) }
    for address in Set(targets.addresses) where address.pubkey == event.pubkey {
      guard let head = try state.head(of: address), head.createdAt <= event.createdAt else { continue }
      try owe(head.id, because: event.id, in: state)
    }
  }

  private func owe(_ dropped: EventID, because dropping: EventID, in state: borrowing StateWriter) throws {
    guard options.makesArchives, !(try state.archives(of: dropped).contains(.ours)) else { return }
    try state.owe(OwedArchive(of: dropped, because: dropping))
  }

  /// Whether the day has brought as many live versions of the event's address as it may. Throws faults.
  static func isTooOften(_ event: Event, at receivedAt: UInt64, _ options: ConstellationOptions, reading state: borrowing some StoreReader & ~Copyable) throws
    -> Bool
  {
    guard let address = event.address, let head = try state.head(of: address) else { return false }
    return head.updates(on: ConstellationOptions.day(of: receivedAt)) >= options.updatesPerDay
  }

  static let tooOften = Rejection(.rateLimited, "too many updates")
  static let deletesDeletion = Rejection.blocked("a deletion cannot be deleted")
}

extension JudgeOptions {
  /// Whether this node publishes what relays drop.
  fileprivate var makesArchives: Bool { writesFollowUps && constellation.followUps.archives && constellation.followUps.nodeKey != nil }
}

extension StoreReader where Self: ~Copyable {
  /// Whether an accepted event came live.
  fileprivate func wasLive(_ id: EventID) throws -> Bool {
    guard let known = try known(id), case .event(_, _, let source, _)? = try journalRow(known.sequence)?.content else { return false }
    return source.isLive
  }

  fileprivate func accepted(_ id: EventID) throws -> Event? { try raw(id).flatMap { try? Event(parsing: $0) } }
}

extension Judge {
  /// So many bytes of events one step archives at most, one event besides.
  private static let maxArchivedBytes = 1 << 20

  /// Makes archives that are owed, in one write transaction: few, since requests wait for it.
  ///
  /// - Returns: how many owed ones are done with; 0 when none is left. Throws faults.
  public func makeArchives(limit: Int = 50) throws -> Int {
    let owed = try store.read { try $0.owedArchives(limit: limit) }
    if owed.isEmpty { return 0 }
    return try store.write { state in
      var (done, bytes) = (0, 0)
      for archive in owed where bytes < Self.maxArchivedBytes {
        bytes += try make(archive, in: state)
        try state.removeOwed(archive)
        done += 1
      }
      return done
    }
  }

  /// A deletion drops its own author's events alone; a label is not archived, since nothing takes it back.
  /// - Returns: how many bytes it archived.
  private func make(_ archive: OwedArchive, in state: borrowing StateWriter) throws -> Int {
    guard let node = options.constellation.followUps.nodeKey, !(try state.archives(of: archive.dropped).contains(.ours)),
      let dropped = try state.accepted(archive.dropped), let dropping = try state.accepted(archive.dropping), dropped.pubkey == dropping.pubkey,
      dropped.kind != NodeLabel.kind, Archive.canHold(dropped, maxBytes: options.maxEventBytes),
      let repost = try? Archive.event(of: dropped, by: node, at: dropping.createdAt)
    else { return 0 }
    try state.note(archive: .ours, of: dropped.id)
    let followUp = FollowUpEvent(name: .archive, subject: dropped.id.bytes, trigger: dropping.id, body: .unsigned(repost))
    try state.enqueue(.event(followUp), at: dropping.createdAt)
    return dropped.raw.count
  }
}
