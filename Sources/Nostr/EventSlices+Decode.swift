// SPDX-License-Identifier: AGPL-3.0-or-later

extension EventSlices {
  /// Copies the event out of the line: unescaped text in one arena, and the raw object.
  /// - Throws: never for slices from a parser whose buffer is unchanged; it reads the tags again.
  public borrowing func decode() throws(EventParseError) -> Event {
    var arena: [UInt8] = []
    arena.reserveCapacity(tagsSlice.count + contentSlice.count)
    var elements: [TagStorage.Element] = []
    var tagEnds: [UInt32] = []
    // A guess that fits usual events; most tags have two elements, one of them long.
    elements.reserveCapacity(tagsSlice.count / 16)
    tagEnds.reserveCapacity(tagsSlice.count / 32)
    var walker = TagWalker(self)
    while try walker.nextTag() {
      while let element = try walker.nextElement() {
        let start = arena.count
        if element.isString { JSONUnescaper.append(line, element.range.lowerBound + 1..<element.range.upperBound - 1, to: &arena) }
        elements.append(.init(start: UInt32(clamping: start), end: UInt32(clamping: arena.count), isString: element.isString))
      }
      tagEnds.append(UInt32(clamping: elements.count))
    }
    let contentStart = arena.count
    JSONUnescaper.append(line, contentSlice.lowerBound + 1..<contentSlice.upperBound - 1, to: &arena)
    let tags = TagList(storage: TagStorage(arena: arena, elements: elements, tagEnds: tagEnds))
    return Event(slices: self, tags: tags, content: Text(utf8: arena[contentStart...]), raw: Array(bytes(raw)))
  }
}
