// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography

/// SHA-256 behind a fixed buffer that gathers small pieces, because each call into libcrypto costs more than copying a piece does.
final class HashBuffer {
  private static let capacity = 4096
  private let sha256: SHA256
  private let buffer: UnsafeMutableRawPointer
  private var filled = 0

  init() throws(CryptographyError) {
    sha256 = try SHA256()
    buffer = .allocate(byteCount: Self.capacity, alignment: 64)
  }

  deinit { buffer.deallocate() }

  func append(_ byte: UInt8) {
    if filled == Self.capacity { flush() }
    buffer.storeBytes(of: byte, toByteOffset: filled, as: UInt8.self)
    filled += 1
  }

  func append(_ literal: StaticString) {
    literal.withUTF8Buffer { append(UnsafeRawBufferPointer($0)) }
  }

  func append(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    if bytes.count > Self.capacity - filled { flush() }
    if bytes.count > Self.capacity {
      sha256.update(bytes)
    } else {
      (buffer + filled).copyMemory(from: base, byteCount: bytes.count)
      filled += bytes.count
    }
  }

  /// The digest of all that was appended; the next begins.
  func finish() -> Bytes32 {
    flush()
    return sha256.finish()
  }

  private func flush() {
    sha256.update(UnsafeRawBufferPointer(start: buffer, count: filled))
    filled = 0
  }
}
