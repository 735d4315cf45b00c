// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography

/// A BIP-340 signature, 64 bytes held inline; says nothing about whether it verifies.
public struct Signature: Hashable, Sendable, CustomStringConvertible {
  private let halves: Halves

  private struct Halves: Hashable, Sendable {
    let first, second: Bytes32
  }

  init(_ first: Bytes32, _ second: Bytes32) { halves = Halves(first: first, second: second) }

  /// nil unless there are exactly 64 bytes.
  public init?(_ bytes: some Collection<UInt8>) {
    guard bytes.count == 64, let first = Bytes32(bytes.prefix(32)), let second = Bytes32(bytes.suffix(32)) else { return nil }
    self.init(first, second)
  }

  /// The 64 bytes.
  public var bytes: [UInt8] { halves.first.bytes + halves.second.bytes }
  /// 128 lowercase hex digits.
  public var hex: String { halves.first.hex + halves.second.hex }
  public var description: String { hex }

  /// Lends 64 contiguous bytes for the length of `body`. No heap.
  @inline(__always)
  func withPointer<Result>(_ body: (UnsafeRawPointer) -> Result) -> Result {
    Swift.withUnsafePointer(to: halves) { body(UnsafeRawPointer($0)) }  // two times 32 bytes, nothing between
  }
}
