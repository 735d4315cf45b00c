// SPDX-License-Identifier: AGPL-3.0-or-later

import Cryptography
import Glibc

/// Validated UTF-8, compared byte by byte: two texts are the same only when their bytes are.
///
/// Swift's String compares by canonical equivalence ("é" in one or in two code points is equal, "\r\n" is one Character),
/// which would let two different events claim one name. Not a string literal either, so that `text == "x"` compares bytes.
public struct Text: Hashable, Comparable, Sendable, CustomStringConvertible {
  /// The UTF-8; a slice of the event's one arena, so its indices rarely begin at 0.
  public let bytes: ArraySlice<UInt8>

  public init(_ string: String) { bytes = ArraySlice(string.utf8) }

  /// - Parameter validated: UTF-8 that was checked before (by the scanner, or when it was stored); `string` repairs what is not.
  public init(utf8 validated: ArraySlice<UInt8>) { bytes = validated }

  /// nil when `bytes` are not valid UTF-8.
  public init?(validating bytes: [UInt8]) {
    guard UTF8Validator.isValid(bytes) else { return nil }
    self.bytes = bytes[...]
  }

  /// No bytes.
  public static let empty = Text(utf8: [])

  public var string: String { String(decoding: bytes, as: UTF8.self) }
  public var description: String { string }
  /// How many bytes.
  public var count: Int { bytes.count }
  public var isEmpty: Bool { bytes.isEmpty }

  /// Whether the bytes are those of `string`'s UTF-8.
  public func equals(_ string: String) -> Bool { bytes.elementsEqual(string.utf8) }

  public func hasPrefix(_ prefix: StaticString) -> Bool {
    bytes.count >= prefix.utf8CodeUnitCount && bytes.prefix(prefix.utf8CodeUnitCount).isSame(as: prefix)
  }

  /// The number these decimal digits write: nil when empty, when there is any other byte, a leading zero, or more than UInt64 holds.
  public var decimal: UInt64? { Decimal.parse(bytes) }

  /// The bytes that exactly 64 lowercase hex digits write; nil for anything else. No heap: events may hold thousands.
  public var bytes32: Bytes32? {
    guard bytes.count == 64 else { return nil }
    return bytes.withUnsafeBytes { buffer in buffer.baseAddress.flatMap { Bytes32(unsafeHex: $0) } }
  }

  public static func == (left: Text, right: Text) -> Bool { left.bytes == right.bytes }

  public static func == (left: Text, right: StaticString) -> Bool {
    left.bytes.isSame(as: right)
  }

  public static func != (left: Text, right: StaticString) -> Bool { !(left == right) }

  public static func < (left: Text, right: Text) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
}

extension ArraySlice<UInt8> {
  /// Whether the bytes are those of a literal; compared in one go, as every tag's name is.
  func isSame(as literal: StaticString) -> Bool {
    guard count == literal.utf8CodeUnitCount else { return false }
    return withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return true }  // no bytes on either side
      return memcmp(base, literal.utf8Start, bytes.count) == 0
    }
  }
}
