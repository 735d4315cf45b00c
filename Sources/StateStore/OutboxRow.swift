// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// One follow-up in the outbox, in its final form but for the signature.
///
/// ```
/// version 2 · state 1 · attempts 4 · nextAttemptAt 8 · subjectHash 8 · createdAt 8 · deliveredAt 8 · id 32 · kind 8 · trigger 32 ·
/// signed 1 · name n · subject n · lastError n · body n (empty once it is delivered)
/// ```
public struct OutboxRow: Sendable {
  public enum Body: Sendable, Equatable {
    /// What `UnsignedEvent(form:)` reads; signed at its delivery.
    case unsigned(form: [UInt8])
    /// A whole event, published as it is.
    case signed(raw: [UInt8])
    /// Delivered: the event is at the relay, and the row is kept so that it is not queued again.
    case gone
  }

  /// Its place in the order of delivery; never given twice.
  public let sequence: UInt64
  /// The final id of the event.
  public let id: EventID
  public let kind: UInt64
  public let name: FollowUpName
  public let subject: [UInt8]
  /// The event that caused it.
  public let trigger: EventID
  public internal(set) var body: Body
  /// Unix seconds of the trigger's receipt.
  public let createdAt: UInt64
  public internal(set) var state = OutboxState.due
  /// Attempts that failed.
  public internal(set) var attempts: UInt32 = 0
  /// Unix milliseconds before which it is not tried; 0 for at once. More than ten minutes ahead counts as at once.
  public internal(set) var nextAttemptAt: UInt64 = 0
  /// Unix seconds; 0 until it is delivered.
  public internal(set) var deliveredAt: UInt64 = 0
  /// Why the last attempt failed; empty when none did. At most 1,000 bytes.
  public internal(set) var lastError = "" {
    didSet { lastError = String(decoding: lastError.utf8.prefix(Self.maxErrorBytes), as: UTF8.self) }
  }

  private static let maxErrorBytes = 1000
  private static let version: UInt8 = 2

  init(sequence: UInt64, _ event: FollowUpEvent, createdAt: UInt64) {
    let body: Body =
      switch event.body {
      case .unsigned(let unsigned): .unsigned(form: unsigned.form)
      case .signed(let raw, _, _): .signed(raw: raw)
      }
    self.init(
      sequence: sequence, id: event.id, kind: event.kind, name: event.name, subject: event.subject, trigger: event.trigger, body: body,
      createdAt: createdAt)
  }

  init(
    sequence: UInt64, id: EventID, kind: UInt64, name: FollowUpName, subject: [UInt8], trigger: EventID, body: Body, createdAt: UInt64
  ) {
    self.sequence = sequence
    self.id = id
    self.kind = kind
    self.name = name
    self.subject = subject
    self.trigger = trigger
    self.body = body
    self.createdAt = createdAt
  }

  /// Rows of one subject are delivered in order. When two subjects share a hash, a row waits needlessly, no more.
  private var subjectHash: UInt64 {
    // FNV-1a (Fowler, Noll, Vo), the same in every process.
    subject.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
  }

  func encoded() -> [UInt8] {
    let (isSigned, bytes) =
      switch body {
      case .unsigned(let form): (false, form)
      case .signed(let raw): (true, raw)
      case .gone: (false, [])
      }
    var writer = RecordWriter(capacity: 192 + subject.count + bytes.count)
    writer.put(Self.version)
    writer.put(state.rawValue)
    writer.put(attempts)
    writer.put(nextAttemptAt)
    writer.put(subjectHash)
    writer.put(createdAt)
    writer.put(deliveredAt)
    writer.put(id)
    writer.put(kind)
    writer.put(trigger)
    writer.put(isSigned)
    writer.put(counted: name.rawValue)
    writer.put(counted: subject)
    writer.put(counted: lastError)
    writer.put(counted: bytes)
    return writer.bytes
  }

  /// What says whether a row can be delivered now, without reading all of it.
  static func timing(of bytes: UnsafeRawBufferPointer) throws -> (nextAttemptAt: UInt64, subjectHash: UInt64) {
    var reader = try reader(of: bytes)
    _ = try reader.fixed(5)  // state, attempts
    return (try reader.uint64(), try reader.uint64())
  }

  static func state(of bytes: UnsafeRawBufferPointer) throws -> OutboxState {
    var reader = try reader(of: bytes)
    return try state(from: &reader)
  }

  static func name(of bytes: UnsafeRawBufferPointer) throws -> FollowUpName {
    var reader = try reader(of: bytes)
    _ = try reader.fixed(nameOffset - 1)
    return try name(from: &reader)
  }

  /// Everything before the name has a fixed length.
  private static let nameOffset = 1 + 1 + 4 + 8 + 8 + 8 + 8 + 32 + 8 + 32 + 1

  private static func reader(of bytes: UnsafeRawBufferPointer) throws -> RowReader {
    var reader = RowReader(bytes, of: "outbox")
    try reader.version(Self.version)
    return reader
  }

  static func state(from reader: inout RowReader) throws -> OutboxState {
    try reader.known(OutboxState(rawValue: try reader.uint8()), "a state that this program does not know")
  }

  static func name(from reader: inout RowReader) throws -> FollowUpName {
    try reader.known(FollowUpName(rawValue: try reader.string()), "a follow-up that this program does not know")
  }

  init(sequence: UInt64, decoding bytes: UnsafeRawBufferPointer) throws {
    var reader = try Self.reader(of: bytes)
    self.sequence = sequence
    state = try Self.state(from: &reader)
    attempts = try reader.uint32()
    nextAttemptAt = try reader.uint64()
    _ = try reader.uint64()  // subjectHash
    createdAt = try reader.uint64()
    deliveredAt = try reader.uint64()
    id = try reader.eventID()
    kind = try reader.uint64()
    trigger = try reader.eventID()
    let isSigned = try reader.bool()
    name = try Self.name(from: &reader)
    subject = try reader.counted()
    lastError = try reader.string()
    let bytes = try reader.counted()
    body = bytes.isEmpty ? .gone : isSigned ? .signed(raw: bytes) : .unsigned(form: bytes)
  }
}
