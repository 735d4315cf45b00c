// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// What strfry keeps of the events it is given, and what it forgets. Source: strfry, src/events.cpp (writeEvents) and golpe.yaml (the indices);
/// constellation spec, *What strfry does*.
///
/// What a plugin accepted is written a little later, in batches: whoever kills the relay between the two loses the batch here and not in the plugin.
public final class StrfryModel {
  private(set) var stored: [EventID: Message] = [:]
  /// Everything that was ever written, in that order; a router reads on from where it was.
  private(set) var log: [Message] = []
  /// Accepted by the plugin, and not written yet.
  private var answered: [Message] = []
  private var newest: [Address: EventID] = [:]
  /// The stored kind 5s that name an event, by its id and their author.
  private var deletions: [Target: Set<EventID>] = [:]
  /// The times of the stored kind 5s that name an address of their author.
  private var addressDeletions: [Address: [EventID: UInt64]] = [:]

  private struct Target: Hashable {
    let id: EventID
    let author: PublicKey
  }

  enum Outcome { case written, duplicate, deleted, replaced }

  /// strfry's own limits for what comes over a websocket: `rejectEventsNewerThanSeconds`, `rejectEventsOlderThanSeconds`.
  private static let maxFutureSeconds: UInt64 = 900
  private static let maxAgeSeconds: UInt64 = 94_608_000

  func has(_ id: EventID) -> Bool { stored[id] != nil }

  /// The newest event of an address.
  func newest(of address: Address) -> Message? { newest[address].flatMap { stored[$0] } }

  /// Whether the relay itself takes the event, from whomever but `strfry import`: before the plugin is asked for what clients send, behind it for
  /// what was pulled.
  func admits(_ message: Message, at now: UInt64) -> Bool {
    message.createdAt <= now + Self.maxFutureSeconds && message.createdAt + Self.maxAgeSeconds >= now
      && message.event.kindClass != .ephemeral && !message.event.isExpired(at: now)
  }

  /// The plugin accepted it.
  func answer(_ message: Message) { answered.append(message) }

  /// Writes what was answered.
  func commit() {
    let batch = answered
    answered = []
    write(batch)
  }

  /// The relay dies between the plugin's answers and its own commit.
  func kill() { answered = [] }

  /// One transaction, in strfry's order: by created_at and id.
  @discardableResult
  func write(_ batch: [Message]) -> [EventID: Outcome] {
    var outcomes: [EventID: Outcome] = [:]
    for message in batch.sorted(by: Self.isBefore) where outcomes[message.id] == nil { outcomes[message.id] = write(message) }
    return outcomes
  }

  private static func isBefore(_ left: Message, _ right: Message) -> Bool { (left.createdAt, left.id) < (right.createdAt, right.id) }

  private func write(_ message: Message) -> Outcome {
    let event = message.event
    if has(event.id) { return .duplicate }
    if deletions[Target(id: event.id, author: event.pubkey)] != nil { return .deleted }
    if let address = message.address {
      let other = newest(of: address)
      // Of one second the lowest id is the newest.
      if let other, (event.createdAt, other.id) < (other.createdAt, event.id) { return .replaced }
      if let latest = addressDeletions[address]?.values.max(), latest >= event.createdAt { return .deleted }
      if let other { remove(other) }
      newest[address] = event.id
    }
    stored[event.id] = message
    log.append(message)
    if message.deletion != nil { carryOut(message) }
    return .written
  }

  private func carryOut(_ message: Message) {
    let author = message.event.pubkey
    for id in message.deletion?.ids ?? [] {
      deletions[Target(id: id, author: author), default: []].insert(message.id)
      if let target = stored[id], target.event.pubkey == author { remove(target) }
    }
    for address in message.deletion?.addresses ?? [] where address.pubkey == author && KindClass(kind: address.kind) == .addressable {
      addressDeletions[address, default: [:]][message.id] = message.createdAt
      if let target = newest(of: address), target.createdAt <= message.createdAt { remove(target) }
    }
  }

  /// A deleted kind 5 takes with it what it had deleted: the indices are its own.
  private func remove(_ message: Message) {
    guard stored.removeValue(forKey: message.id) != nil else { return }
    if let address = message.address, newest[address] == message.id { newest[address] = nil }
    for id in message.deletion?.ids ?? [] {
      let target = Target(id: id, author: message.event.pubkey)
      deletions[target]?.remove(message.id)
      if deletions[target]?.isEmpty == true { deletions[target] = nil }
    }
    for address in message.deletion?.addresses ?? [] {
      addressDeletions[address]?[message.id] = nil
      if addressDeletions[address]?.isEmpty == true { addressDeletions[address] = nil }
    }
  }
}

/// How relays meet.
extension StrfryModel {
  /// What a reconciliation finds that the other one has and this one lacks, in the order in which it is asked for: the newest first.
  func lacking(of other: StrfryModel) -> [Message] {
    other.stored.values.filter { !has($0.id) }.sorted { Self.isBefore($1, $0) }
  }
}
