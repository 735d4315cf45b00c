// SPDX-License-Identifier: AGPL-3.0-or-later

/// Looks for an object that has a key twice. Parsers differ in which of the two they take, so such an event means two things.
///
/// A second pass over JSON that the scanner has checked, only for lines with objects or keys that Nostr does not know: it uses the heap.
/// Keys are compared unescaped; n keys cost n log n comparisons.
struct DuplicateKeys {
  /// How many keys an object may have.
  static let keysLimit = 1024

  private struct Container {
    let isObject: Bool
    let firstKey: Int
    let arenaStart: Int
  }

  private let line: UnsafeRawBufferPointer
  private var open: [Container] = []
  private var keys: [Range<Int>] = []  // into the arena: those of all open objects
  private var arena: [UInt8] = []
  private var nextIsKey = false

  private init(_ line: UnsafeRawBufferPointer) { self.line = line }

  /// - Throws: `duplicateKey` or `tooManyKeys`, for any object within the checked JSON at `range`.
  static func check(_ line: UnsafeRawBufferPointer, _ range: Range<Int>) throws(EventParseError) {
    var pass = DuplicateKeys(line)
    try pass.run(range)
  }

  private mutating func run(_ range: Range<Int>) throws(EventParseError) {
    var scanner = JSONScanner(UnsafeRawBufferPointer(rebasing: line[..<range.upperBound]))
    scanner.position = range.lowerBound
    while scanner.position < range.upperBound {
      switch scanner.next {
      case 0x22:
        let string = try scanner.string()
        if nextIsKey { try add(string) }
        nextIsKey = false
        continue
      case 0x7b, 0x5b:
        nextIsKey = scanner.next == 0x7b
        open.append(Container(isObject: nextIsKey, firstKey: keys.count, arenaStart: arena.count))
      case 0x7d, 0x5d:
        try close()
        nextIsKey = false
      case 0x2c:
        nextIsKey = open.last?.isObject ?? false
      default:
        break
      }
      scanner.position += 1
    }
  }

  private mutating func add(_ key: JSONString) throws(EventParseError) {
    let start = arena.count
    JSONUnescaper.append(line, key.inner, to: &arena)
    keys.append(start..<arena.count)
    if let object = open.last, keys.count - object.firstKey > Self.keysLimit { throw .tooManyKeys }
  }

  private mutating func close() throws(EventParseError) {
    guard let container = open.popLast() else { return }
    let arena = self.arena
    let sorted = keys[container.firstKey...].sorted { arena[$0].lexicographicallyPrecedes(arena[$1]) }
    for (one, other) in zip(sorted, sorted.dropFirst()) where arena[one] == arena[other] { throw .duplicateKey }
    keys.removeLast(keys.count - container.firstKey)
    self.arena.removeLast(self.arena.count - container.arenaStart)
  }
}
