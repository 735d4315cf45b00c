// SPDX-License-Identifier: AGPL-3.0-or-later

/// Where the elements of a JSON array stand. Each is parsed on its own afterwards, so it only tells strings from brackets.
struct JSONElements {
  private(set) var ranges: [Range<Int>] = []
  /// The text of the first element, when it is a plain string.
  private(set) var name: String?

  /// A message of NIP-01: an array that begins with its type.
  var isFrame: Bool { name != nil }

  /// nil when `text` is no array, or not closed.
  init?(_ text: UnsafeRawBufferPointer) {
    func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0a || byte == 0x0d }
    guard let start = text.firstIndex(where: { !isBlank($0) }), let end = text.lastIndex(where: { !isBlank($0) }), start < end,
      text[start] == UInt8(ascii: "["), text[end] == UInt8(ascii: "]")
    else { return nil }
    var (depth, isInString, isEscaped, from) = (0, false, false, start + 1)
    for position in (start + 1)..<end {
      let byte = text[position]
      if isInString {
        isInString = isEscaped || byte != UInt8(ascii: "\"")
        isEscaped = !isEscaped && byte == UInt8(ascii: "\\")
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: ",") where depth == 0:
        add(text, from..<position)
        from = position + 1
      default: continue
      }
      if depth < 0 { return nil }
    }
    guard depth == 0, !isInString else { return nil }
    add(text, from..<end)
    guard let first = ranges.first else { return }
    if text[first.lowerBound] == UInt8(ascii: "\"") { name = String(decoding: text[first].dropFirst().dropLast(), as: UTF8.self) }
  }

  private mutating func add(_ text: UnsafeRawBufferPointer, _ range: Range<Int>) {
    var range = range
    while let first = range.first, text[first] <= 0x20 { range = range.lowerBound + 1..<range.upperBound }
    while let last = range.last, text[last] <= 0x20 { range = range.lowerBound..<range.upperBound - 1 }
    if !range.isEmpty { ranges.append(range) }
  }
}
