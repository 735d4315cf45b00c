// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

/// The groups that the judged one leads to, as they stood when proposals were made: what a proposal limits follows from it, the node that covers its
/// time in its own group, and the nodes that cover it in these.
///
/// A mark stands for those nodes. As long as it is the same, what was worked out once holds; a node that comes late anywhere among them changes it.
struct OtherGroups {
  private struct Line {
    /// When the judged group first led to it.
    let since: UInt64
    let branch: Branch
  }

  /// nil where there are too many.
  private let lines: [Line]?

  /// Where there are more, what was known when a proposal came is believed.
  static let maxGroups = 64
  /// The same, where so many nodes would have to be looked for.
  private static let maxLooks = 2048
  /// Of a proposal that no other group counted for.
  static let none: UInt64 = 0

  init(_ roles: Roles, _ tenure: Tenure, reading state: borrowing some StateReader & ~Copyable) throws {
    let passed = try tenure.reach(reading: state).passed
    guard passed.count <= 1 + Self.maxGroups else {
      lines = nil
      return
    }
    var lines: [Line] = []
    for (group, spans) in passed.sorted(by: { $0.key < $1.key }) where group != roles.group {
      guard let since = spans.list.first?.start, let branch = try roles.branch(of: group, reading: state) else { continue }
      lines.append(Line(since: since, branch: branch))
    }
    self.lines = lines
  }

  /// The marks of ascending times; nil where there is too much to look at.
  func marks(at times: [UInt64], reading state: borrowing some StateReader & ~Copyable) throws -> [UInt64?] {
    let unknown = [UInt64?](repeating: nil, count: times.count)
    guard let lines else { return unknown }
    var looks = Self.maxLooks
    var columns: [[EventID?]] = []
    for line in lines {
      guard let column = try line.branch.nodes(at: times, atMost: &looks, reading: state) else { return unknown }
      columns.append(column)
    }
    var last: (bytes: [UInt8], mark: UInt64) = ([], Self.none)
    return times.indices.map { index in
      var writer = RecordWriter(capacity: 64 * lines.count)
      for (line, column) in zip(lines, columns) where line.since <= times[index] {
        guard let node = column[index] else { continue }
        writer.put(line.branch.group.id)
        writer.put(node)
      }
      if writer.bytes != last.bytes { last = (writer.bytes, Self.mark(of: writer.bytes)) }
      return last.mark
    }
  }

  private static func mark(of bytes: [UInt8]) -> UInt64 {
    bytes.isEmpty ? none : SHA256.digest(of: bytes).bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
  }
}

extension Branch {
  /// The nodes that cover ascending times; nil for a time before the init.
  ///
  /// - Parameter looks: for so many nodes the line may be gone back; what is left of them comes out.
  /// - Returns: nil where they were not enough.
  func nodes(
    at times: [UInt64], atMost looks: inout Int, reading state: borrowing some StateReader & ~Copyable
  ) throws -> [EventID?]? {
    var found = [EventID?](repeating: nil, count: times.count)
    // From the newest back, each from the one before on: as long as one node covers them nothing is read.
    var point = head
    for index in times.indices.reversed() {
      if point.createdAt > times[index] {
        guard looks > 0 else { return nil }
        looks -= 1
        guard let covering = try state.ancestor(of: point, at: times[index]) else { break }
        point = covering
      }
      found[index] = point.id
    }
    return found
  }
}
