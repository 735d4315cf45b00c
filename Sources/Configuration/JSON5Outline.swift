// SPDX-License-Identifier: AGPL-3.0-or-later

/// Where each value of a JSON5 text stands, so that every error can be told with its place.
public struct JSON5Outline: Sendable {
  /// A value's key path (`delivery.command[0]`) to where it is named; the whole text is the empty path.
  private var positions: [String: TextPosition] = [:]
  /// Keys given twice in one object: their paths and the second place.
  private(set) var duplicates: [(path: String, position: TextPosition)] = []

  /// How many values the text has so far.
  var count: Int { positions.count }

  mutating func note(_ path: String, at position: TextPosition) { positions[path] = position }
  mutating func noteDuplicate(_ path: String, at position: TextPosition) { duplicates.append((path, position)) }

  /// The place of a value; nil when the text does not hold it.
  public func position(of path: String) -> TextPosition? { positions[path] }
}
