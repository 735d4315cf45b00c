// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography

/// An OpenTimestamps proof file, parsed and executed: which Bitcoin blocks it says hold a digest, and the merkle roots that would prove it.
///
/// Bounded in everything: 16 KiB, 128 levels, messages of 4096 bytes, no recursion. Source: groups, 6.16.
public struct OpenTimestamps: Sendable, Equatable {
  /// One path's end: the block's height, and what arrives there, which must be its merkle root (internal byte order).
  public struct BitcoinAttestation: Sendable, Hashable {
    public let height: UInt32
    /// nil: the path goes through an operation that cannot be executed here.
    public let root: Bytes32?
  }

  public enum Failure: Error, Equatable { case malformed }

  public static let maxBytes = 16 * 1024
  static let maxDepth = 128
  static let maxMessageBytes = 4096
  static let maxVarBytes = 8192
  /// More distinct attestations than this are not kept.
  static let maxAttestations = 8
  /// So many operations are executed: forks may share work, but not multiply it.
  static let maxOperations = 16 * 1024
  /// So many bytes of messages are worked on, in all of them together: honest proofs need a hundredth of it.
  static let maxWork = 1 << 20

  /// The digest that the file's proof begins with (SHA-256).
  public let digest: Bytes32
  public let bitcoin: [BitcoinAttestation]

  static let magic: [UInt8] = [
    0x00, 0x4f, 0x70, 0x65, 0x6e, 0x54, 0x69, 0x6d, 0x65, 0x73, 0x74, 0x61, 0x6d, 0x70, 0x73, 0x00, 0x00, 0x50, 0x72, 0x6f, 0x6f, 0x66, 0x00, 0xbf,
    0x89,
    0xe2, 0xe8, 0x84, 0xe8, 0x92, 0x94,
  ]
  private static let bitcoinTag: [UInt8] = [0x05, 0x88, 0x96, 0x0d, 0x73, 0xd7, 0x19, 0x01]

  /// A place where the next entry is read: the message there; nil when it cannot be computed here.
  private struct Frame {
    let message: [UInt8]?
    let depth: Int
  }

  /// - Throws: `Failure.malformed`.
  public init(parsing bytes: [UInt8]) throws(Failure) {
    guard bytes.count <= Self.maxBytes else { throw .malformed }
    var reader = OTSReader(bytes)
    guard try reader.fixed(Self.magic.count).elementsEqual(Self.magic), try reader.varuint() == 1, try reader.byte() == 0x08,
      let digest = Bytes32(try reader.fixed(32))
    else { throw .malformed }
    self.digest = digest
    var found: [BitcoinAttestation] = []
    // A fork's branches stand one after the other, each complete: a stack of the messages that branches still begin with is enough.
    var stack = [Frame(message: digest.bytes, depth: 0)]
    var operations = 0
    var work = 0
    while let frame = stack.popLast() {
      var message = frame.message
      var depth = frame.depth
      path: while true {
        operations += 1
        guard depth <= Self.maxDepth, operations <= Self.maxOperations else { throw .malformed }
        var tag = try reader.byte()
        if tag == 0xff {
          stack.append(Frame(message: message, depth: depth))
          tag = try reader.byte()
          guard tag != 0xff else { throw .malformed }
        }
        if tag == 0x00 {
          if let height = try Self.attestation(&reader), found.count < Self.maxAttestations {
            let attestation = BitcoinAttestation(height: height, root: message.flatMap { Bytes32($0) })
            if !found.contains(attestation) { found.append(attestation) }
          }
          break path
        }
        let before = message?.count
        message = try Self.execute(tag, on: message, &reader)
        depth += 1
        work += (before ?? 0) + (message?.count ?? 0)
        guard work <= Self.maxWork else { throw .malformed }
      }
    }
    guard reader.isAtEnd else { throw .malformed }
    bitcoin = found
  }

  /// The height of a Bitcoin attestation; nil for any other, which is skipped by its length.
  private static func attestation(_ reader: inout OTSReader) throws(Failure) -> UInt32? {
    let tag = try reader.fixed(8)
    let payload = try reader.varbytes(atMost: maxVarBytes)
    guard tag.elementsEqual(bitcoinTag) else { return nil }
    var inner = OTSReader(Array(payload))
    let height = try inner.varuint()
    guard inner.isAtEnd, let height = UInt32(exactly: height) else { throw .malformed }
    return height
  }

  /// The message after one operation; nil when it cannot be computed here.
  private static func execute(_ tag: UInt8, on message: [UInt8]?, _ reader: inout OTSReader) throws(Failure) -> [UInt8]? {
    switch tag {
    case 0x02: return message.flatMap { LegacyDigest.sha1(of: $0) }
    case 0x03: return message.flatMap { LegacyDigest.ripemd160(of: $0) }
    case 0x08: return message.map { SHA256.digest(of: $0).bytes }
    case 0x67: return nil
    case 0xf0, 0xf1:
      let operand = try reader.varbytes(atMost: maxMessageBytes)
      guard !operand.isEmpty else { throw .malformed }
      guard let message else { return nil }
      guard message.count + operand.count <= maxMessageBytes else { throw .malformed }
      return tag == 0xf0 ? message + operand : operand + message
    case 0xf2: return message.map { Array($0.reversed()) }
    case 0xf3:
      guard let message else { return nil }
      guard message.count <= maxMessageBytes / 2 else { throw .malformed }
      return Hex.encode(message)
    default: throw .malformed
    }
  }
}

/// Reads the bytes of a proof; whatever is too short or too long is malformed.
struct OTSReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { position == bytes.count }

  mutating func byte() throws(OpenTimestamps.Failure) -> UInt8 {
    guard position < bytes.count else { throw .malformed }
    defer { position += 1 }
    return bytes[position]
  }

  mutating func fixed(_ count: Int) throws(OpenTimestamps.Failure) -> ArraySlice<UInt8> {
    guard count >= 0, count <= bytes.count - position else { throw .malformed }
    defer { position += count }
    return bytes[position..<(position + count)]
  }

  /// LEB128 of at most 63 bits.
  mutating func varuint() throws(OpenTimestamps.Failure) -> UInt64 {
    var value: UInt64 = 0
    for shift in stride(from: UInt64(0), to: 63, by: 7) {
      let byte = try byte()
      value |= UInt64(byte & 0x7f) << shift
      if byte & 0x80 == 0 { return value }
    }
    throw .malformed
  }

  mutating func varbytes(atMost limit: Int) throws(OpenTimestamps.Failure) -> ArraySlice<UInt8> {
    let count = try varuint()
    guard count <= UInt64(limit), let count = Int(exactly: count) else { throw .malformed }
    return try fixed(count)
  }
}
