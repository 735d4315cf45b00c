// SPDX-License-Identifier: AGPL-3.0-or-later

/// A place in a text file, as editors count: both from 1, columns in Unicode scalars.
public struct TextPosition: Hashable, Sendable, Comparable {
  public let line: Int
  public let column: Int

  public init(line: Int, column: Int) {
    self.line = line
    self.column = column
  }

  public static func < (left: TextPosition, right: TextPosition) -> Bool { (left.line, left.column) < (right.line, right.column) }
}
