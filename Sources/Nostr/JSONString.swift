// SPDX-License-Identifier: AGPL-3.0-or-later

/// Where a checked JSON string lies in the buffer.
struct JSONString {
  /// With its quotes.
  let range: Range<Int>
  let hasEscapes: Bool

  /// Without its quotes.
  var inner: Range<Int> { range.lowerBound + 1..<range.upperBound - 1 }
}
