// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// An event that waits for another one, with what is needed to judge it again as it came.
///
/// ```
/// version 3 · id 32 · pubkey 32 · created_at 8 · receivedAt 8 · source 1 · sourceInfo ? n · kept 1 · dependencies 4 [n] · raw n · outer ? n
/// version 2 · id 32 · pubkey 32 · receivedAt 8 · source 1 · sourceInfo ? n · kept 1 · dependencies 4 [n] · raw n
/// version 1 · id 32 · pubkey 32 · receivedAt 8 · source 1 · sourceInfo ? n · dependency n · raw n
/// ```
public struct ParkedEvent: Sendable {
  /// Its place in the order of arrival; never given twice. 0 in one that is not parked yet.
  public let sequence: UInt64
  public let id: EventID
  public let pubkey: PublicKey
  /// As its author says. Where there is no room, the newest of a key goes first.
  public let createdAt: UInt64
  /// The event's JSON object as it arrived.
  public let raw: [UInt8]
  /// The JSON object of the archive (kind 16) that carried it, if one did: that is what is published once the event is accepted, since a relay may have no
  /// room for the event itself any more. Source: specs/constellation.md, 2.
  public internal(set) var outer: [UInt8]?
  /// Unix seconds.
  public let receivedAt: UInt64
  public let source: SourceType
  public let sourceInfo: String?
  /// It was answered as an event that nobody claims, and kept aside: the relay has it already.
  public internal(set) var isKept = false

  public init(
    id: EventID, pubkey: PublicKey, createdAt: UInt64, raw: [UInt8], outer: [UInt8]? = nil, receivedAt: UInt64, source: SourceType,
    sourceInfo: String?, sequence: UInt64 = 0
  ) {
    self.sequence = sequence
    self.id = id
    self.pubkey = pubkey
    self.createdAt = createdAt
    self.raw = raw
    self.outer = outer
    self.receivedAt = receivedAt
    self.source = source
    self.sourceInfo = sourceInfo
  }

  /// What it takes of the room: its own JSON and the archive's.
  public var byteCount: Int { raw.count + (outer?.count ?? 0) }

  private static let version: UInt8 = 3

  func encoded(waitingFor dependencies: [[UInt8]]) -> [UInt8] {
    var writer = RecordWriter(capacity: 112 + dependencies.reduce(0) { $0 + 4 + $1.count } + (sourceInfo?.utf8.count ?? 0) + byteCount)
    writer.put(Self.version)
    writer.put(id)
    writer.put(pubkey)
    writer.put(createdAt)
    writer.put(receivedAt)
    writer.put(source.code)
    writer.put(optional: sourceInfo) { $0.put(counted: $1) }
    writer.put(isKept)
    writer.put(UInt32(truncatingIfNeeded: dependencies.count))
    for dependency in dependencies { writer.put(counted: dependency) }
    writer.put(counted: raw)
    writer.put(optional: outer) { $0.put(counted: $1) }
    return writer.bytes
  }

  /// The event, and the keys of what it waits for.
  static func decode(sequence: UInt64, _ bytes: UnsafeRawBufferPointer) throws -> (event: ParkedEvent, dependencies: [[UInt8]]) {
    var reader = RowReader(bytes, of: "parked")
    let layout = min(bytes.first ?? 0, version)
    try reader.version(layout == 0 ? version : layout)
    let id = try reader.eventID()
    let pubkey = try reader.publicKey()
    let createdAt = layout < 3 ? nil : try reader.uint64()
    let receivedAt = try reader.uint64()
    let source = SourceType(code: try reader.uint8())
    let sourceInfo = try reader.optionalString()
    let isKept = layout < 2 ? false : try reader.bool()
    var dependencies: [[UInt8]] = []
    for _ in 0..<(layout < 2 ? 1 : try reader.uint32()) { dependencies.append(try reader.counted()) }
    let raw = try reader.counted()
    let outer = try layout < 3 || !reader.bool() ? nil : reader.counted()
    var event = ParkedEvent(
      id: id, pubkey: pubkey, createdAt: createdAt ?? Self.createdAt(of: raw), raw: raw, outer: outer, receivedAt: receivedAt, source: source,
      sourceInfo: sourceInfo, sequence: sequence)
    event.isKept = isKept
    return (event, dependencies)
  }

  /// What rows of before schema 4 do not say beside the event. One that cannot be parsed waits in vain anyway.
  private static func createdAt(of raw: [UInt8]) -> UInt64 { raw.withUnsafeBytes { (try? EventSlices.parse($0))?.createdAt ?? 0 } }
}
