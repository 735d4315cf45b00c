// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Nostr
import Policy

/// Who has published an event once more, since relays drop it.
public struct ArchiveMark: OptionSet, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// This node has queued an archive of it, or met its own; it never makes a second.
  public static let ours = ArchiveMark(rawValue: 1)
  /// One by another node is known.
  public static let another = ArchiveMark(rawValue: 2)
}

extension StoreReader where Self: ~Copyable {
  /// Empty when no archive of the event is known.
  public func archives(of id: EventID) throws -> ArchiveMark {
    guard let value = try id.value.withUnsafeBytes({ try get(tables.archives, $0) }) else { return [] }
    var reader = RowReader(value, of: "archives")
    return ArchiveMark(rawValue: try reader.uint8())
  }
}

extension StateWriter {
  /// False when that was known already.
  @discardableResult
  public func note(archive mark: ArchiveMark, of id: EventID) throws -> Bool {
    let known = try archives(of: id)
    if known.isSuperset(of: mark) { return false }
    try put(tables.archives, id.value, [known.union(mark).rawValue])
    return true
  }
}

/// An event that relays drop, and the one that makes them: its archive is to be made by the worker.
public struct OwedArchive: Sendable, Hashable {
  public let dropped: EventID
  public let dropping: EventID

  public init(of dropped: EventID, because dropping: EventID) {
    self.dropped = dropped
    self.dropping = dropping
  }

  fileprivate var key: [UInt8] { dropped.bytes + dropping.bytes }
}

extension StoreReader where Self: ~Copyable {
  /// At most `limit`, in the order of the ids that are dropped.
  public func owedArchives(limit: Int) throws -> [OwedArchive] {
    var owed: [OwedArchive] = []
    guard limit > 0 else { return owed }
    try walk(tables.owedArchives) { key, _ in
      var reader = RowReader(key, of: "archives.owed")
      owed.append(OwedArchive(of: try reader.eventID(), because: try reader.eventID()))
      return owed.count < limit
    }
    return owed
  }
}

extension StateWriter {
  public func owe(_ archive: OwedArchive) throws { try put(tables.owedArchives, archive.key, mark) }

  public func removeOwed(_ archive: OwedArchive) throws { try delete(tables.owedArchives, archive.key) }
}
