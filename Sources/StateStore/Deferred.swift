// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import LMDB
import Nostr
import Policy

extension DeferredFollowUp {
  private static let version: UInt8 = 1
  /// Longer subjects are hashed: LMDB's keys end at 511 bytes.
  private static let maxSubjectBytes = 256

  /// `domain 1 · name · 0 · subject`: there is one for each subject.
  var key: [UInt8] {
    var writer = RecordWriter(capacity: 64 + subject.count)
    writer.put(domain.rawValue)
    writer.put(text: name.rawValue)
    writer.put(UInt8(0))
    if subject.count > Self.maxSubjectBytes { writer.put(SHA256.digest(of: subject)) } else { writer.put(fixed: subject) }
    return writer.bytes
  }

  /// `version 1 · domain 1 · dueAt 8 · receivedAt 8 · trigger 32 · name n · subject n`
  func encoded() -> [UInt8] {
    var writer = RecordWriter(capacity: 96 + subject.count)
    writer.put(Self.version)
    writer.put(domain.rawValue)
    writer.put(dueAt)
    writer.put(receivedAt)
    writer.put(trigger)
    writer.put(counted: name.rawValue)
    writer.put(counted: subject)
    return writer.bytes
  }

  /// One that waits for the same subject is due at the earlier time, with the trigger that was received last. Its key says the rest.
  func merging(waiting bytes: UnsafeRawBufferPointer) throws -> DeferredFollowUp {
    var reader = RowReader(bytes, of: "deferred")
    try reader.version(Self.version)
    _ = try reader.domain()
    let waiting = (dueAt: try reader.uint64(), receivedAt: try reader.uint64(), trigger: try reader.eventID())
    let isLater = waiting.receivedAt > receivedAt
    return DeferredFollowUp(
      domain: domain, name: name, subject: subject, trigger: isLater ? waiting.trigger : trigger,
      receivedAt: isLater ? waiting.receivedAt : receivedAt, dueAt: min(waiting.dueAt, dueAt))
  }

  init(decoding bytes: UnsafeRawBufferPointer) throws {
    var reader = RowReader(bytes, of: "deferred")
    try reader.version(Self.version)
    let domain = try reader.domain()
    let dueAt = try reader.uint64()
    let receivedAt = try reader.uint64()
    let trigger = try reader.eventID()
    let name = try reader.known(FollowUpName(rawValue: try reader.string()), "a follow-up that this program does not know")
    self.init(domain: domain, name: name, subject: try reader.counted(), trigger: trigger, receivedAt: receivedAt, dueAt: dueAt)
  }
}

extension StateWriter {
  /// Merges with what waits for the subject.
  func enqueue(_ deferred: DeferredFollowUp) throws {
    let key = deferred.key
    let merged = try key.withUnsafeBytes { try get(tables.deferred, $0) }.map { try deferred.merging(waiting: $0) } ?? deferred
    try put(tables.deferred, key, merged.encoded())
  }

  /// Removes what waits for the subject: in the transaction in which its follow-up is built and queued. False when there is nothing.
  @discardableResult
  public func removeDeferred(_ deferred: DeferredFollowUp) throws -> Bool { try delete(tables.deferred, deferred.key) }
}

extension StoreReader where Self: ~Copyable {
  /// What may be built now, at most `limit`. What was received by a clock that was far ahead does not wait for that time to come.
  ///
  /// - Parameter now: Unix seconds.
  public func dueDeferred(now: UInt64, limit: Int) throws -> [DeferredFollowUp] {
    var due: [DeferredFollowUp] = []
    try walk(tables.deferred) { _, value in
      guard due.count < limit else { return false }
      // One that cannot be read is no reason to build none of the others.
      guard let deferred = try? DeferredFollowUp(decoding: value) else { return true }
      let wasAhead = deferred.receivedAt > now && deferred.receivedAt - now > Outbox.longestDelayMilliseconds / 1000
      if deferred.dueAt <= now || wasAhead { due.append(deferred) }
      return true
    }
    return due
  }

  /// How many subjects wait for a follow-up to be built.
  public func deferredCount() throws -> Int { try entryCount(tables.deferred) }
}
