// SPDX-License-Identifier: AGPL-3.0-or-later

/// Goes through the tags of an `EventSlices`, element by element, without the heap.
struct TagWalker {
  struct Element {
    let range: Range<Int>  // with quotes where it is a string
    let isString: Bool
    let hasEscapes: Bool
  }

  private var scanner: JSONScanner
  private var isInTag = false

  init(_ slices: borrowing EventSlices) {
    scanner = JSONScanner(UnsafeRawBufferPointer(rebasing: slices.line[..<slices.tagsSlice.upperBound]))
    scanner.position = slices.tagsSlice.lowerBound + 1  // past the bracket
  }

  /// Goes on to the next tag, past what is left of the present one; false when there is none.
  mutating func nextTag() throws(EventParseError) -> Bool {
    while isInTag { _ = try nextElement() }
    _ = scanner.take(0x2c)
    isInTag = scanner.take(0x5b)
    return isInTag
  }

  /// The next element of the present tag; nil after its last.
  mutating func nextElement() throws(EventParseError) -> Element? {
    guard isInTag else { return nil }
    _ = scanner.take(0x2c)
    if scanner.take(0x5d) {
      isInTag = false
      return nil
    }
    scanner.skipWhitespace()
    let start = scanner.position
    if scanner.next == 0x22 {
      let string = try scanner.string()
      return Element(range: string.range, isString: true, hasEscapes: string.hasEscapes)
    }
    try scanner.skipValue()
    return Element(range: start..<scanner.position, isString: false, hasEscapes: false)
  }
}
