// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// Where the elements of an event's tags lie in its arena of unescaped bytes: three arrays for any number of tags.
/// ```
/// arena     e│‹64 hex›│p│‹64 hex›│…            elements  (0..<1) (1..<65) (65..<66) …        tagEnds  2 4 …
/// ```
final class TagStorage: Sendable {
  struct Element: Sendable {
    var start, end: UInt32  // 32 bits do: the parser refuses longer events
    var isString: Bool
  }

  let arena: [UInt8]
  private let elements: [Element]
  private let tagEnds: [UInt32]  // for each tag, how many elements it and those before it have

  /// The parser answers for the ranges: each within `arena`, each tag end within `elements` and none below the one before.
  init(arena: [UInt8], elements: [Element], tagEnds: [UInt32]) {
    self.arena = arena
    self.elements = elements
    self.tagEnds = tagEnds
  }

  var tagCount: Int { tagEnds.count }

  func elementRange(ofTag index: Int) -> Range<Int> { (index == 0 ? 0 : Int(tagEnds[index - 1]))..<Int(tagEnds[index]) }

  /// Whether the tag's first element is `name`; a tag without elements has the empty name.
  func isNamed(_ name: StaticString, tag index: Int) -> Bool {
    guard let first = elementRange(ofTag: index).first else { return name.utf8CodeUnitCount == 0 }
    return element(first, is: name)
  }

  /// Whether the tag has a second element and it is `value`.
  func hasValue(_ value: StaticString, tag index: Int) -> Bool {
    let range = elementRange(ofTag: index)
    return range.count > 1 && element(range.lowerBound + 1, is: value)
  }

  /// Whether strfry can pack these tags: none is empty, and the values of `e` and `p` are 64 hex digits.
  var fitsRelays: Bool {
    for index in 0..<tagCount {
      let range = elementRange(ofTag: index)
      guard let first = range.first else { return false }
      // Most names are longer: then nothing else is looked at.
      guard elements[first].end - elements[first].start == 1, element(first, is: "e") || element(first, is: "p") else { continue }
      guard range.count > 1, isHex64(elements[first + 1]) else { return false }
    }
    return true
  }

  private func isHex64(_ element: Element) -> Bool {
    guard element.end - element.start == 64 else { return false }
    for index in Int(element.start)..<Int(element.end) {
      let byte = arena[index]
      guard byte &- UInt8(ascii: "0") < 10 || (byte | 0x20) &- UInt8(ascii: "a") < 6 else { return false }
    }
    return true
  }

  /// Compared where it lies: a `Text` made for it would cost more than the comparison.
  private func element(_ index: Int, is text: StaticString) -> Bool {
    let element = elements[index]
    let count = Int(element.end) - Int(element.start)
    guard element.isString, count == text.utf8CodeUnitCount else { return false }
    return arena.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return true }  // no bytes on either side
      return memcmp(base + Int(element.start), text.utf8Start, count) == 0
    }
  }

  func text(ofElement index: Int) -> Text? {
    let element = elements[index]
    return element.isString ? Text(utf8: arena[Int(element.start)..<Int(element.end)]) : nil
  }
}
