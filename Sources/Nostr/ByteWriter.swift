// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography

/// Bytes that grow at their end, for text that is put together from many small pieces: an append to an array costs several times as much as copying a
/// piece does (decisions/0007).
struct ByteWriter: ~Copyable {
  private var base: UnsafeMutableRawPointer
  private var capacity: Int
  private(set) var count = 0

  /// - Parameter capacity: how many bytes are expected; more are no error.
  init(capacity: Int) {
    self.capacity = max(capacity, 64)
    base = .allocate(byteCount: self.capacity, alignment: 16)
  }

  deinit { base.deallocate() }

  /// Lends what was written so far.
  func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R { body(UnsafeRawBufferPointer(start: base, count: count)) }

  /// A copy of what was written so far.
  var bytes: [UInt8] { withUnsafeBytes { [UInt8]($0) } }

  mutating func append(_ byte: UInt8) {
    base(forMore: 1).storeBytes(of: byte, as: UInt8.self)
    count += 1
  }

  /// Takes the last byte back.
  mutating func removeLast() { count = max(0, count - 1) }

  mutating func append(_ literal: StaticString) { literal.withUTF8Buffer { append(UnsafeRawBufferPointer($0)) } }

  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress else { return }
    base(forMore: bytes.count).copyMemory(from: source, byteCount: bytes.count)
    count += bytes.count
  }

  mutating func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }

  mutating func append(decimal number: UInt64) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
      var (rest, first) = (number, digits.count)
      repeat {
        first -= 1
        digits[first] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
        rest /= 10
      } while rest > 0
      append(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(digits)[first...]))
    }
  }

  /// Appends the first lowercase hex digits, at most 64.
  mutating func append(hex value: Bytes32, digits: Int = 64) {
    let place = base(forMore: 64)
    value.writeHex(to: place)
    count += min(max(digits, 0), 64)
  }

  /// Where the next bytes go, with room for so many.
  private mutating func base(forMore more: Int) -> UnsafeMutableRawPointer {
    if more > capacity - count { grow(more) }
    return base + count
  }

  @inline(never)
  private mutating func grow(_ more: Int) {
    capacity = max(capacity * 2, capacity + more)
    let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 16)
    larger.copyMemory(from: base, byteCount: count)
    base.deallocate()
    base = larger
  }
}
