// SPDX-License-Identifier: AGPL-3.0-or-later

extension JSONUnescaper {
  /// Appends the bytes that the checked string means; never more than it has.
  static func append(_ line: UnsafeRawBufferPointer, _ inner: Range<Int>, to bytes: inout [UInt8]) {
    var unescaper = JSONUnescaper(line, inner: inner)
    while let piece = unescaper.next() {
      switch piece {
      case .verbatim(let run):
        bytes.append(contentsOf: run)
      case .scalar(let scalar):
        let (utf8, count) = UTF8Encoder.encode(scalar)
        for index in 0..<count { bytes.append(UInt8(truncatingIfNeeded: utf8 >> UInt32(8 * index))) }
      }
    }
  }
}
