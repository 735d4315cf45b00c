// SPDX-License-Identifier: AGPL-3.0-or-later

extension EventSlices {
  /// Whether a tag of that name exists. No heap; escapes are understood.
  public borrowing func hasTag(_ name: StaticString) -> Bool { firstMatch(name, nil) }

  /// Whether a tag of that name has `value` as its second element. No heap; escapes are understood.
  public borrowing func hasTag(_ name: StaticString, _ value: StaticString) -> Bool { firstMatch(name, value) }

  private borrowing func firstMatch(_ name: StaticString, _ value: StaticString?) -> Bool {
    var walker = TagWalker(self)
    do {
      while try walker.nextTag() {
        guard let first = try walker.nextElement(), matches(first, name) else { continue }
        guard let value else { return true }
        if let second = try walker.nextElement(), matches(second, value) { return true }
      }
    } catch {}  // the parser has read the same bytes without an error
    return false
  }

  @inline(__always)
  private borrowing func matches(_ element: TagWalker.Element, _ text: StaticString) -> Bool {
    guard element.isString else { return false }
    let inner = element.range.lowerBound + 1..<element.range.upperBound - 1
    return element.hasEscapes ? JSONUnescaper.matches(line, inner, text) : line.matches(inner, text)
  }
}
