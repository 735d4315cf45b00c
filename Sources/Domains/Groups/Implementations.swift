// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Whether proposals were carried out on one line of their group, where each is at most once.
///
/// Others may have been carried out on any number of branches, and a line may be any length: the rows of a proposal and the nodes of the line are looked
/// through in turns, a few at a time, so the smaller of the two decides what it costs. The nodes are read once for all the proposals that are asked for.
struct Implementations {
  private let branch: Branch
  /// The line's nodes, from its head back.
  private var line: [Branch.Point] = []
  private var next: EventID?

  private static let firstTurn = 64

  init(on branch: Branch) {
    self.branch = branch
    next = branch.head.id
  }

  /// - Parameter since: when the proposal was made: what carries it out is newer.
  /// - Returns: the node that carried it out on this line.
  mutating func node(
    of proposal: EventID, since: UInt64, reading state: borrowing some StateReader & ~Copyable
  ) throws -> (id: EventID, createdAt: UInt64)? {
    if branch.head.createdAt <= since { return nil }
    var turn = Self.firstTurn
    var start = proposal.bytes
    var asked = 0
    while true {
      var found: (id: EventID, createdAt: UInt64)?
      var left = turn
      try state.scan(GroupsState.done, prefix: proposal.bytes, from: start) { key, value in
        var keys = RecordReader(Array(key.dropFirst(32)), of: GroupsState.done)
        var reader = RecordReader(value, of: GroupsState.done)
        let (id, createdAt) = (try keys.eventID(), try reader.uint64())
        if try branch.contains(id, createdAt, reading: state) {
          found = (id, createdAt)
          return false
        }
        left -= 1
        start = key + [0]
        return left > 0
      }
      if let found { return found }
      if left > 0 { return nil }
      let isWhole = try extend(to: turn, since: since, reading: state)
      while asked < min(turn, line.count), line[asked].createdAt > since {
        if try state.value(GroupsState.done, GroupsState.key(proposal, line[asked].id)) != nil { return (line[asked].id, line[asked].createdAt) }
        asked += 1
      }
      if isWhole { return nil }
      turn *= 4
    }
  }

  /// - Returns: whether so many nodes of the line are all that are newer than a time.
  private mutating func extend(to count: Int, since: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    while line.count < count, let id = next, line.last.map({ $0.createdAt > since }) ?? true {
      let link = try state.link(id)
      line.append(link.point)
      next = link.parent
    }
    return line.count < count || line[count - 1].createdAt <= since
  }
}
