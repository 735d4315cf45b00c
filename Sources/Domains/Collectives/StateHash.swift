// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr

/// The SHA-256 by which heads are compared: of the JSON array `[[req,owner,lt,amt,outstanding,paid],…]`, ascending by req, minified (4.0).
public enum StateHash {
  /// - Parameter rows: sorted by request.
  public static func of(_ rows: [MeritRow]) -> Bytes32 {
    var json: [UInt8] = []
    json.reserveCapacity(2 + rows.count * 170)
    json.append(UInt8(ascii: "["))
    for (index, row) in rows.enumerated() {
      json.append(contentsOf: index > 0 ? ",[\"".utf8 : "[\"".utf8)
      appendHex(row.request.value, to: &json)
      json.append(contentsOf: "\",\"".utf8)
      appendHex(row.owner.value, to: &json)
      json.append(UInt8(ascii: "\""))
      for number in [UInt64(row.leadtime), row.amount, row.outstanding, row.paid] {
        json.append(UInt8(ascii: ","))
        append(number, to: &json)
      }
      json.append(UInt8(ascii: "]"))
    }
    json.append(UInt8(ascii: "]"))
    return SHA256.digest(of: json)
  }

  private static func appendHex(_ value: Bytes32, to json: inout [UInt8]) {
    value.withUnsafeBytes { bytes in
      for byte in bytes {
        json.append(digit(byte >> 4))
        json.append(digit(byte & 0x0f))
      }
    }
  }

  private static func digit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 0x30 + nibble : 0x57 + nibble }

  private static func append(_ number: UInt64, to json: inout [UInt8]) {
    guard number >= 10 else { return json.append(0x30 + UInt8(truncatingIfNeeded: number)) }
    json.append(contentsOf: String(number).utf8)
  }
}
