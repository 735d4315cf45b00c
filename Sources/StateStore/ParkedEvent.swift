// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// An event that waits for another one, with what is needed to judge it again as it came.
///
/// ```
/// version 2 · id 32 · pubkey 32 · receivedAt 8 · source 1 · sourceInfo ? n · kept 1 · dependencies 4 [n] · raw n
/// version 1 · id 32 · pubkey 32 · receivedAt 8 · source 1 · sourceInfo ? n · dependency n · raw n
/// ```
public struct ParkedEvent: Sendable {
  /// Its place in the order of arrival; never given twice. 0 in one that is not parked yet.
  public let sequence: UInt64
  public let id: EventID
  public let pubkey: PublicKey
  /// The event's JSON object as it arrived.
  public let raw: [UInt8]
  /// Unix seconds.
  public let receivedAt: UInt64
  public let source: SourceType
  public let sourceInfo: String?
  /// It was answered as an event that nobody claims, and kept aside: the relay has it already.
  public internal(set) var isKept = false
  /// What carried it, when it came in an archive: published in its place once it is accepted.
  public var outer: [UInt8]?

  public init(
    id: EventID, pubkey: PublicKey, raw: [UInt8], receivedAt: UInt64, source: SourceType, sourceInfo: String?, sequence: UInt64 = 0
  ) {
    self.sequence = sequence
    self.id = id
    self.pubkey = pubkey
    self.raw = raw
    self.receivedAt = receivedAt
    self.source = source
    self.sourceInfo = sourceInfo
  }

  private static let version: UInt8 = 2

  func encoded(waitingFor dependencies: [Dependency]) -> [UInt8] {
    var writer = RecordWriter(capacity: 96 + dependencies.reduce(0) { $0 + 4 + $1.key.count } + (sourceInfo?.utf8.count ?? 0) + raw.count)
    writer.put(Self.version)
    writer.put(id)
    writer.put(pubkey)
    writer.put(receivedAt)
    writer.put(source.code)
    writer.put(optional: sourceInfo) { $0.put(counted: $1) }
    writer.put(isKept)
    writer.put(UInt32(truncatingIfNeeded: dependencies.count))
    for dependency in dependencies { writer.put(counted: dependency.key) }
    writer.put(counted: raw)
    return writer.bytes
  }

  /// The event, and the keys of what it waits for.
  static func decode(sequence: UInt64, _ bytes: UnsafeRawBufferPointer) throws -> (event: ParkedEvent, dependencies: [[UInt8]]) {
    var reader = RowReader(bytes, of: "parked")
    let isFirstLayout = bytes.first == 1
    try reader.version(isFirstLayout ? 1 : version)
    let id = try reader.eventID()
    let pubkey = try reader.publicKey()
    let receivedAt = try reader.uint64()
    let source = SourceType(code: try reader.uint8())
    let sourceInfo = try reader.optionalString()
    let isKept = isFirstLayout ? false : try reader.bool()
    var dependencies: [[UInt8]] = []
    for _ in 0..<(isFirstLayout ? 1 : try reader.uint32()) { dependencies.append(try reader.counted()) }
    var event = ParkedEvent(
      id: id, pubkey: pubkey, raw: try reader.counted(), receivedAt: receivedAt, source: source, sourceInfo: sourceInfo, sequence: sequence)
    event.isKept = isKept
    return (event, dependencies)
  }
}
