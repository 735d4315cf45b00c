// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import StateStore

/// What relays drop because of an accepted event, or drop of the event itself: the older versions of its address, and what a deletion names.
///
/// A node archives what it drops in the transaction in which it comes to know both: what is replaced, if it accepted one of the two live; what is
/// deleted, always.
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

  /// Notes what the event replaces and names, and queues the archives. For an event that was just accepted and journalled. Throws faults.
  func note(in state: borrowing StateWriter) throws {
    if let deletion = try state.deletion(of: event.id, by: event.pubkey) { try archive(event, droppedBy: deletion, isNamedFirst: true, in: state) }
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
    if let known, known.id != event.id {
      if isNewest { try archive(known.id, droppedBy: event, in: state) } else { try archive(event, droppedBy: known.id, in: state) }
    }
    if let deletion = try state.deletion(of: address, reaching: event.createdAt) {
      try archive(event, droppedBy: deletion, isNamedFirst: true, in: state)
    }
  }

  private func delete(in state: borrowing StateWriter) throws {
    let targets = event.deletionTargets
    try state.note(targetsOf: event)
    for id in Set(targets.ids) where try state.known(id) != nil { try archive(id, droppedBy: event, in: state) }
    for address in Set(targets.addresses) where address.pubkey == event.pubkey {
      guard let head = try state.head(of: address), head.createdAt <= event.createdAt else { continue }
      try archive(head.id, droppedBy: event, in: state)
    }
  }

  /// Of an event that is known already. A deletion drops its own author's alone, and whatever it drops is archived: what counts here all the same, no relay
  /// would hold any more (rule 3).
  private func archive(_ id: EventID, droppedBy dropping: Event, in state: borrowing StateWriter) throws {
    guard makesArchives, id != dropping.id, !(try state.archives(of: id).contains(.ours)), let dropped = try Accepted(id, in: state),
      dropped.event.pubkey == dropping.pubkey, dropping.kind == 5 || isLive || dropped.isLive
    else { return }
    try queue(dropped.event, at: dropping.createdAt, because: dropping.id, in: state)
  }

  /// Of the event itself.
  private func archive(_ dropped: Event, droppedBy id: EventID, isNamedFirst: Bool = false, in state: borrowing StateWriter) throws {
    guard makesArchives, !(try state.archives(of: dropped.id).contains(.ours)), let dropping = try Accepted(id, in: state),
      isNamedFirst || isLive || dropping.isLive
    else { return }
    try queue(dropped, at: dropping.event.createdAt, because: id, in: state)
  }

  private var makesArchives: Bool {
    options.writesFollowUps && options.constellation.followUps.archives && options.constellation.followUps.nodeKey != nil
  }

  private func queue(_ dropped: Event, at createdAt: UInt64, because dropping: EventID, in state: borrowing StateWriter) throws {
    guard let node = options.constellation.followUps.nodeKey, dropped.kind != NodeLabel.kind,
      Archive.canHold(dropped, maxBytes: options.maxEventBytes), let archive = try? Archive.event(of: dropped, by: node, at: createdAt)
    else { return }
    try state.note(archive: .ours, of: dropped.id)
    let followUp = FollowUpEvent(name: .archive, subject: dropped.id.bytes, trigger: dropping, body: .unsigned(archive))
    try state.enqueue(.event(followUp), at: receivedAt)
  }

  /// Whether the day has brought as many live versions of the event's address as it may. Throws faults.
  static func isTooOften(_ event: Event, at receivedAt: UInt64, _ options: ConstellationOptions, reading state: borrowing some StoreReader & ~Copyable) throws
    -> Bool
  {
    guard let address = event.address, let head = try state.head(of: address) else { return false }
    return head.updates(on: ConstellationOptions.day(of: receivedAt)) >= options.updatesPerDay
  }

  static let tooOften = Rejection(.rateLimited, "too many updates")

  /// Whether a deletion names a deletion by its author. Throws faults.
  static func namesDeletion(_ event: Event, reading state: borrowing some StoreReader & ~Copyable) throws -> Bool {
    guard event.kind == 5 else { return false }
    for id in Set(event.deletionTargets.ids) {
      guard let raw = try state.raw(id) else { continue }
      let isDeletion = raw.withUnsafeBytes { bytes in
        (try? EventSlices.parse(bytes)).map { $0.kind == 5 && PublicKey($0.pubkey) == event.pubkey } ?? false
      }
      if isDeletion { return true }
    }
    return false
  }

  static let deletesDeletion = Rejection.blocked("a deletion cannot be deleted")
}

/// An accepted event as the journal has it, and how it was judged.
private struct Accepted {
  let event: Event
  let isLive: Bool

  init?(_ id: EventID, in state: borrowing StateWriter) throws {
    guard let known = try state.known(id), case .event(let raw, _, let source, _)? = try state.journalRow(known.sequence)?.content,
      let event = try? Event(parsing: raw)
    else { return nil }
    self.event = event
    isLive = source.isLive
  }
}
