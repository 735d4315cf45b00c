// SPDX-License-Identifier: AGPL-3.0-or-later

/// UTF-8 of one Unicode scalar without a buffer.
enum UTF8Encoder {
  /// The `count` bytes (1 to 4), the first in the lowest 8 bits. `scalar` is at most U+10FFFF and no surrogate.
  static func encode(_ scalar: UInt32) -> (bytes: UInt32, count: Int) {
    let last = 0x80 | scalar & 0x3f
    let middle = 0x80 | scalar >> 6 & 0x3f
    switch scalar {
    case ..<0x80: return (scalar, 1)
    case ..<0x800: return (0xc0 | scalar >> 6 | last << 8, 2)
    case ..<0x10000: return (0xe0 | scalar >> 12 | middle << 8 | last << 16, 3)
    default: return (0xf0 | scalar >> 18 | (0x80 | scalar >> 12 & 0x3f) << 8 | middle << 16 | last << 24, 4)
    }
  }
}
