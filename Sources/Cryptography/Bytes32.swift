// SPDX-License-Identifier: AGPL-3.0-or-later

/// 32 bytes held inline: a digest, an x-only public key, half of a signature.
///
/// Ordered as bytes are (the first byte weighs most), so the order of ids is NIP-01's.
public struct Bytes32: Hashable, Comparable, Sendable {
  private let word0, word1, word2, word3: UInt64  // as they lie in memory: the struct's own 32 bytes are the bytes

  private init(_ word0: UInt64, _ word1: UInt64, _ word2: UInt64, _ word3: UInt64) {
    self.word0 = word0
    self.word1 = word1
    self.word2 = word2
    self.word3 = word3
  }

  /// 32 bytes of value 0.
  public static let zero = Bytes32(0, 0, 0, 0)

  /// Copies the 32 bytes at `pointer`, which need no alignment. The caller answers for their being readable.
  public init(unsafe pointer: UnsafeRawPointer) {
    self.init(
      pointer.loadUnaligned(as: UInt64.self),
      pointer.loadUnaligned(fromByteOffset: 8, as: UInt64.self),
      pointer.loadUnaligned(fromByteOffset: 16, as: UInt64.self),
      pointer.loadUnaligned(fromByteOffset: 24, as: UInt64.self))
  }

  /// nil unless there are exactly 32 bytes.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == 32 else { return nil }
    let inPlace = bytes.withContiguousStorageIfAvailable { $0.baseAddress.map { Bytes32(unsafe: $0) } ?? .zero }  // 32 bytes have a base
    self = inPlace ?? Array(bytes).withUnsafeBytes { $0.baseAddress.map { Bytes32(unsafe: $0) } ?? .zero }
  }

  /// Decodes the 64 bytes at `digits`, which the caller knows to be readable; nil when one is no lowercase hex digit. No heap.
  public init?(unsafeHex digits: UnsafeRawPointer) {
    guard
      let word0 = Hex.decodeWord(digits), let word1 = Hex.decodeWord(digits + 16),
      let word2 = Hex.decodeWord(digits + 32), let word3 = Hex.decodeWord(digits + 48)
    else { return nil }
    self.init(word0.bigEndian, word1.bigEndian, word2.bigEndian, word3.bigEndian)
  }

  /// Decodes exactly 64 lowercase hex digits, given as ASCII bytes (`"…".utf8`); nil for anything else, uppercase too.
  public init?(hex digits: some Collection<UInt8>) {
    guard digits.count == 64 else { return nil }
    let inPlace = digits.withContiguousStorageIfAvailable { $0.baseAddress.flatMap { Bytes32(unsafeHex: $0) } }
    guard let value = inPlace ?? Hex.decode(digits).flatMap({ Bytes32($0) }) else { return nil }
    self = value
  }

  /// The 32 bytes.
  public var bytes: [UInt8] { withUnsafeBytes { Array($0) } }

  /// 64 lowercase hex digits.
  public var hex: String { withUnsafeBytes { Hex.string($0) } }

  /// Writes the 64 lowercase hex digits, as ASCII bytes, to memory that has room for them.
  public func writeHex(to memory: UnsafeMutableRawPointer) {
    withUnsafeBytes { bytes in
      for offset in stride(from: 0, to: 32, by: 4) {
        let digits = Hex.encodeFour(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
        memory.storeBytes(of: digits.bigEndian, toByteOffset: offset * 2, as: UInt64.self)
      }
    }
  }

  /// The last 8 bytes as a number: well spread where the bytes are a digest or a public key, so good enough to pick a cache set.
  var tail: UInt64 { word3 }

  /// Lends the 32 bytes for the length of `body`; the pointer must not leave it. No heap.
  @inlinable @inline(__always)
  public func withUnsafeBytes<Result, Failure: Error>(_ body: (UnsafeRawBufferPointer) throws(Failure) -> Result) throws(Failure) -> Result {
    try Swift.withUnsafeBytes(of: self, body)
  }

  /// As `withUnsafeBytes`, for C functions that take a pointer to 32 bytes.
  @inline(__always)
  func withBytePointer<Result>(_ body: (UnsafePointer<UInt8>) -> Result) -> Result {
    withUnsafePointer(to: self) { body(UnsafeRawPointer($0).assumingMemoryBound(to: UInt8.self)) }
  }

  public static func < (left: Bytes32, right: Bytes32) -> Bool {
    if left.word0 != right.word0 { return left.word0.bigEndian < right.word0.bigEndian }
    if left.word1 != right.word1 { return left.word1.bigEndian < right.word1.bigEndian }
    if left.word2 != right.word2 { return left.word2.bigEndian < right.word2.bigEndian }
    return left.word3.bigEndian < right.word3.bigEndian
  }
}

extension Bytes32: CustomStringConvertible {
  public var description: String { hex }
}
