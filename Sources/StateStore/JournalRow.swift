// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Nostr
import Policy

/// One row of the journal: what was accepted, in the order in which it was.
///
/// ```
/// version 1 · content 1 (1 event, 2 decision) · receivedAt 8 ·
///   event:    id 32 · source 1 · sourceInfo ? n · raw n
///   decision: domain 1 · at 8 · action n · subject n · by n · reason n
/// ```
public struct JournalRow: Sendable {
  public enum Content: Sendable {
    /// - raw: the event's JSON object as it arrived.
    /// - sourceInfo: where it came from, an address or a url, as strfry said.
    case event(raw: [UInt8], id: EventID, source: SourceType, sourceInfo: String?)
    case decision(OperatorDecision)
  }

  /// The number of the row, from 1 on; 0 in a row that is not in the journal yet.
  public let sequence: UInt64
  /// Unix seconds.
  public let receivedAt: UInt64
  public let content: Content

  public init(_ content: Content, receivedAt: UInt64, sequence: UInt64 = 0) {
    self.content = content
    self.receivedAt = receivedAt
    self.sequence = sequence
  }

  private static let version: UInt8 = 1

  func encoded() -> [UInt8] {
    switch content {
    case .event(let raw, let id, let source, let sourceInfo):
      var writer = RecordWriter(capacity: 64 + raw.count + (sourceInfo?.utf8.count ?? 0))
      putHead(&writer, 1)
      writer.put(id)
      writer.put(source.code)
      writer.put(optional: sourceInfo) { $0.put(counted: $1) }
      writer.put(counted: raw)
      return writer.bytes
    case .decision(let decision):
      var writer = RecordWriter(capacity: 256)
      putHead(&writer, 2)
      writer.put(decision.domain.rawValue)
      writer.put(decision.at)
      for text in [decision.action, decision.subject, decision.by, decision.reason] { writer.put(counted: text) }
      return writer.bytes
    }
  }

  private func putHead(_ writer: inout RecordWriter, _ kind: UInt8) {
    writer.put(Self.version)
    writer.put(kind)
    writer.put(receivedAt)
  }

  init(sequence: UInt64, decoding bytes: UnsafeRawBufferPointer) throws {
    var reader = RowReader(bytes, of: "journal")
    try reader.version(Self.version)
    let kind = try reader.uint8()
    self.sequence = sequence
    receivedAt = try reader.uint64()
    switch kind {
    case 1:
      let id = try reader.eventID()
      let source = SourceType(code: try reader.uint8())
      let sourceInfo = try reader.optionalString()
      content = .event(raw: try reader.counted(), id: id, source: source, sourceInfo: sourceInfo)
    case 2:
      let domain = try reader.domain()
      let at = try reader.uint64()
      content = .decision(
        OperatorDecision(
          domain: domain, action: try reader.string(), subject: try reader.string(), by: try reader.string(), reason: try reader.string(), at: at))
    default: throw Fault.unreadable("journal", "content \(kind)")
    }
  }
}
