// SPDX-License-Identifier: AGPL-3.0-or-later

/// Which of the open containers are objects: one bit each, so that hostile nesting costs no stack and no heap.
struct Nesting {
  private var objects: [8 of UInt64] = .init(repeating: 0)
  private(set) var depth = 0

  /// Whether the innermost container is an object; false outside of all.
  var isInObject: Bool {
    guard depth > 0 else { return false }
    return objects[(depth - 1) >> 6] >> UInt64((depth - 1) & 63) & 1 == 1
  }

  mutating func push(isObject: Bool) throws(EventParseError) {
    guard depth < JSONScanner.depthLimit else { throw .tooDeep }
    let bit: UInt64 = 1 << UInt64(depth & 63)
    if isObject { objects[depth >> 6] |= bit } else { objects[depth >> 6] &= ~bit }
    depth += 1
  }

  mutating func pop() { if depth > 0 { depth -= 1 } }
}
