// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// The events of a stream, set down to be judged in the order of their created_at, more than once: what others name is mostly older than they are.
/// In memory is one byte for each.
final class MergeSpool {
  struct Entry {
    let raw: [UInt8]
    let source: SourceType
    /// The url of the relay, where the source is one.
    let sourceInfo: String
  }

  private let file: ScratchFile
  /// `created_at 8 · offset 8`: what is equally old keeps the order of the stream.
  private let keys: SortedKeys
  private var isDone: [Bool] = []

  var count: Int { keys.count }

  /// - Parameter folder: where it is set down; nothing has a name there.
  init(in folder: String) throws {
    file = try ScratchFile(in: folder)
    keys = try SortedKeys(length: 16, in: folder)
  }

  /// Another node's export tells how an event came to *it*: of that only another relay's url means anything here. Source: constellation spec, rule 8.
  func add(_ event: EventSlices, _ said: SourceType, _ sourceInfo: String) throws {
    let source = said.isRelay ? said : .import
    let offset = file.count
    var record = RecordWriter(capacity: event.raw.count + 64)
    record.put(UInt8(source == .stream ? 1 : source == .sync ? 2 : 0))
    record.put(counted: source.isRelay ? Array(sourceInfo.utf8) : [])
    record.put(fixed: Array(event.line[event.raw]))
    try file.append(UInt64(record.bytes.count).bigEndianBytes + record.bytes)
    try keys.add(event.createdAt.bigEndianBytes + UInt64(offset).bigEndianBytes)
  }

  /// Ends the filling.
  func finish() throws {
    try keys.finish()
    isDone = Array(repeating: false, count: keys.count)
  }

  /// Visits what is not done, the oldest first.
  /// - Parameter visit: says whether the event is done.
  func visitRest(_ visit: (Entry) throws -> Bool) throws {
    var index = -1
    try keys.visit { key in
      index += 1
      if isDone[index] { return }
      let offset = Int(key.loadUnaligned(fromByteOffset: 8, as: UInt64.self).bigEndian)
      isDone[index] = try visit(entry(at: offset))
    }
  }

  private func entry(at offset: Int) throws -> Entry {
    let length = try file.read(8, at: offset).reduce(0) { $0 << 8 | Int($1) }
    let bytes = try file.read(length, at: offset + 8)
    let infoLength = bytes[1..<5].reduce(0) { $0 << 8 | Int($1) }
    return Entry(
      raw: Array(bytes[(5 + infoLength)...]), source: bytes[0] == 1 ? .stream : bytes[0] == 2 ? .sync : .import,
      sourceInfo: String(decoding: bytes[5..<5 + infoLength], as: UTF8.self))
  }
}

extension UInt64 {
  /// Eight bytes that sort as their numbers do.
  var bigEndianBytes: [UInt8] { Swift.withUnsafeBytes(of: bigEndian) { Array($0) } }
}
