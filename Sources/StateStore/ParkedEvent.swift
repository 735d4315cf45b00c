// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// An event that waits for another one, with what is needed to judge it again as it came.
///
/// ```
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

  private static let version: UInt8 = 1

  func encoded(waitingFor dependency: [UInt8]) -> [UInt8] {
    var writer = RecordWriter(capacity: 96 + dependency.count + (sourceInfo?.utf8.count ?? 0) + raw.count)
    writer.put(Self.version)
    writer.put(id)
    writer.put(pubkey)
    writer.put(receivedAt)
    writer.put(source.code)
    writer.put(optional: sourceInfo) { $0.put(counted: $1) }
    writer.put(counted: dependency)
    writer.put(counted: raw)
    return writer.bytes
  }

  /// The event, and the key of what it waits for.
  static func decode(sequence: UInt64, _ bytes: UnsafeRawBufferPointer) throws -> (event: ParkedEvent, dependency: [UInt8]) {
    var reader = RowReader(bytes, of: "parked")
    try reader.version(version)
    let id = try reader.eventID()
    let pubkey = try reader.publicKey()
    let receivedAt = try reader.uint64()
    let source = SourceType(code: try reader.uint8())
    let sourceInfo = try reader.optionalString()
    let dependency = try reader.counted()
    let event = ParkedEvent(
      id: id, pubkey: pubkey, raw: try reader.counted(), receivedAt: receivedAt, source: source, sourceInfo: sourceInfo, sequence: sequence)
    return (event, dependency)
  }
}
