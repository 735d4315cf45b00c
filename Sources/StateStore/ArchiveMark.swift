// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Nostr
import Policy

/// Who has published an event once more, since relays drop it.
public struct ArchiveMark: OptionSet, Sendable {
  public let rawValue: UInt8
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// This node has queued an archive of it; it never makes a second.
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
