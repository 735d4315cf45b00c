// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr

/// The SHA-256 by which heads are compared: of the JSON array `[[req,owner,lt,amt,outstanding,paid],…]`, ascending by req, minified (4.0).
public enum StateHash {
  /// - Parameter rows: sorted by request.
  public static func of(_ rows: [MeritRow]) -> Bytes32 {
    let json = [UInt8](unsafeUninitializedCapacity: 2 + rows.count * maxRowBytes) { buffer, count in
      var writer = HashWriter(buffer)
      writer.put(UInt8(ascii: "["))
      for (index, row) in rows.enumerated() {
        if index > 0 { writer.put(UInt8(ascii: ",")) }
        writer.put(row)
      }
      writer.put(UInt8(ascii: "]"))
      count = writer.count
    }
    return SHA256.digest(of: json)
  }

  /// `,["64","64",` and four numbers of at most 20 digits, with their commas.
  fileprivate static let maxRowBytes = 224
}

/// Writes into a buffer that is large enough for all rows: collectives may have a thousand, and each update is hashed.
private struct HashWriter {
  private let buffer: UnsafeMutableBufferPointer<UInt8>
  private(set) var count = 0

  init(_ buffer: UnsafeMutableBufferPointer<UInt8>) { self.buffer = buffer }

  mutating func put(_ byte: UInt8) {
    guard count < buffer.count else { return }
    buffer[count] = byte
    count += 1
  }

  mutating func put(_ row: MeritRow) {
    put(UInt8(ascii: "["))
    put(row.request.value)
    put(UInt8(ascii: ","))
    put(row.owner.value)
    putMember(UInt64(row.leadtime))
    putMember(row.amount)
    putMember(row.outstanding)
    putMember(row.paid)
    put(UInt8(ascii: "]"))
  }

  private mutating func put(_ value: Bytes32) {
    put(UInt8(ascii: "\""))
    value.withUnsafeBytes { bytes in
      for byte in bytes {
        put(Self.digit(byte >> 4))
        put(Self.digit(byte & 0x0f))
      }
    }
    put(UInt8(ascii: "\""))
  }

  private static func digit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 0x30 + nibble : 0x57 + nibble }

  private mutating func putMember(_ number: UInt64) {
    put(UInt8(ascii: ","))
    var divisor: UInt64 = 1
    while number / divisor >= 10 { divisor *= 10 }
    while divisor > 0 {
      put(0x30 + UInt8(truncatingIfNeeded: number / divisor % 10))
      divisor /= 10
    }
  }
}
