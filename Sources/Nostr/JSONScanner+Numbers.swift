// SPDX-License-Identifier: AGPL-3.0-or-later

extension JSONScanner {
  /// Goes past a number: `-? (0 | [1-9] digits) (. digits)? ([eE] [+-]? digits)?` (RFC 8259, section 6).
  mutating func skipNumber() throws(EventParseError) {
    if next == 0x2d { position += 1 }
    if next == 0x30 {
      position += 1
    } else {
      try skipDigits()
    }
    if next == 0x2e {
      position += 1
      try skipDigits()
    }
    if next | 0x20 == 0x65 {
      position += 1
      if next == 0x2b || next == 0x2d { position += 1 }
      try skipDigits()
    }
  }

  private mutating func skipDigits() throws(EventParseError) {
    let start = position
    while 0x30...0x39 ~= next { position += 1 }
    guard position > start else { throw .notJSON }
  }

  /// Goes past an exact unsigned integer: no sign, fraction, exponent or leading zero, at most `UInt64.max`.
  /// - Returns: its value; nil, with `position` anywhere, for anything else.
  @inline(__always)
  mutating func unsignedInteger() -> UInt64? {
    let start = position
    var value: UInt64 = 0
    while 0x30...0x39 ~= next {
      let (product, overflow1) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow2) = product.addingReportingOverflow(UInt64(next &- 0x30))
      if overflow1 || overflow2 { return nil }
      value = sum
      position += 1
    }
    guard position > start, byte(at: start) != 0x30 || position == start + 1 else { return nil }
    switch next {
    case 0x2e, 0x65, 0x45: return nil  // a fraction or an exponent follows
    default: return value
    }
  }
}
