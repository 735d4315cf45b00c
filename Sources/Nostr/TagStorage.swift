// SPDX-License-Identifier: AGPL-3.0-or-later

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

  /// Whether the tag's first element is `name`, compared where it lies; a tag without elements has the empty name.
  func isNamed(_ name: StaticString, tag index: Int) -> Bool {
    guard let first = elementRange(ofTag: index).first else { return name.utf8CodeUnitCount == 0 }
    let element = elements[first]
    guard element.isString, Int(element.end) - Int(element.start) == name.utf8CodeUnitCount else { return false }
    return arena[Int(element.start)..<Int(element.end)].isSame(as: name)
  }

  func text(ofElement index: Int) -> Text? {
    let element = elements[index]
    return element.isString ? Text(utf8: arena[Int(element.start)..<Int(element.end)]) : nil
  }
}
