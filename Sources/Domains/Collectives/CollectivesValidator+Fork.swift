// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Branches (4.5): all of them are kept, and the canonical line is the one that relays come to that keep only the newest child.
///
/// Where an update has several children, the canonical one has the greatest created_at, of several the lowest id. A branch that lost never comes back,
/// since its rival stays; so an update that arrives is compared once, with the child that counts so far of the same parent. It has no children itself:
/// those wait for it.
extension CollectivesValidator {
  /// Whether a second child of an update is kept, a second first update of a member, and a second ignition of a name: from sync, so that relays come to
  /// the same whatever they saw first; live there is one line. What was accepted once is accepted again.
  func keepsBranches(_ circumstances: Circumstances) -> Bool { !circumstances.isLive || circumstances.isRecalled }

  /// What an accepted update does to its chain: whether it is the head now, and the evidence of its rivals.
  ///
  /// - Parameter parent: the update that it continues; nil for a first one.
  func place(
    _ record: UpdateRecord, after parent: UpdateRecord?, _ lineage: Lineage, reading state: borrowing some StateReader & ~Copyable
  ) throws -> (isHead: Bool, changes: [StateChange]) {
    guard let head = try lineage.head(record.collective, record.pubkey, state) else { return (true, []) }
    if head.id == parent?.id { return (true, [head.lastNumbered].compactMap { $0 }) }
    if let parent, try !parent.leads(to: head, state) { return (false, []) }
    guard let id = try UpdateRecord.ancestor(of: head, record.number, state), let sibling = try UpdateRecord.read(id, state) else {
      throw Fault.corrupt(CollectivesState.chains, "a chain with a gap")
    }
    var evidence = try EquivocationRecord.read(record.collective, parent?.id, record.pubkey, accepted: sibling.id, state)
    guard record.isCanonical(against: sibling) else {
      return (false, evidence.add(record.id) ? [evidence.change(record.collective)] : [])
    }
    evidence.replace(by: record.id)
    return (true, [evidence.change(record.collective)] + [head.lastNumbered].compactMap { $0 })
  }
}

extension UpdateRecord {
  /// Whether this of two children of one update counts: the later one, of one second the one with the lower id. What relays keep.
  fileprivate func isCanonical(against sibling: UpdateRecord) -> Bool {
    createdAt != sibling.createdAt ? createdAt > sibling.createdAt : id < sibling.id
  }
}
