// SPDX-License-Identifier: AGPL-3.0-or-later

/// The first two elements of a tag as they lie in the line, lent for the length of a visit.
public struct TagSlices {
  fileprivate let line: UnsafeRawBufferPointer
  fileprivate let name: TagWalker.Element?
  fileprivate let value: TagWalker.Element?

  /// Whether the tag has that name; escapes are understood.
  public func isNamed(_ name: StaticString) -> Bool { matches(self.name, name) }

  /// Whether the tag has that second element; escapes are understood.
  public func hasValue(_ value: StaticString) -> Bool { matches(self.value, value) }

  private func matches(_ element: TagWalker.Element?, _ text: StaticString) -> Bool {
    guard let element, element.isString else { return false }
    let inner = element.range.lowerBound + 1..<element.range.upperBound - 1
    return element.hasEscapes ? JSONUnescaper.matches(line, inner, text) : line.matches(inner, text)
  }
}

extension EventSlices {
  /// Whether a tag of that name exists. No heap; escapes are understood.
  public borrowing func hasTag(_ name: StaticString) -> Bool { containsTag { $0.isNamed(name) } }

  /// Whether a tag of that name has `value` as its second element. No heap; escapes are understood.
  public borrowing func hasTag(_ name: StaticString, _ value: StaticString) -> Bool { containsTag { $0.isNamed(name) && $0.hasValue(value) } }

  /// Visits the tags in their order: the way to look for several at once. No heap.
  public borrowing func forEachTag(_ visit: (TagSlices) -> Void) {
    _ = containsTag {
      visit($0)
      return false
    }
  }

  private borrowing func containsTag(where isWanted: (TagSlices) -> Bool) -> Bool {
    var walker = TagWalker(self)
    do {
      while try walker.nextTag() {
        let name = try walker.nextElement()
        if isWanted(TagSlices(line: line, name: name, value: try walker.nextElement())) { return true }
      }
    } catch {}  // the parser has read the same bytes without an error
    return false
  }
}
