// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// What the nodes of one line changed, newest first, as far as it was asked: each node is read once, through however many windows of time one looks.
struct LineWalk {
  private typealias Step = (createdAt: UInt64, change: ResolvedChange)

  private let branch: Branch
  private var steps: [Step] = []
  /// Every node created up to this is among the steps, or stands behind them.
  private var top: UInt64?
  /// The node behind the steps; when it was created and what it is, as far as it is known.
  private var next: EventID?
  private var nextAt: UInt64?
  private var read: NodeStep?

  init(_ branch: Branch) { self.branch = branch }

  /// Visits the changes of the nodes created after `start`, up to `end`, newest first.
  mutating func visit(
    from end: UInt64, to start: UInt64, reading state: borrowing some StateReader & ~Copyable, _ body: (ResolvedChange) -> Void
  ) throws {
    try extend(upTo: end, reading: state)
    while let id = next, nextAt ?? .max > start {
      let node = try read ?? state.step(id)
      (read, nextAt) = (node, node.createdAt)
      guard node.createdAt > start else { break }
      steps.append((node.createdAt, node.change))
      (next, nextAt, read) = (node.parent, nil, nil)
    }
    for step in steps {
      if step.createdAt <= start { return }
      if step.createdAt <= end { body(step.change) }
    }
  }

  private mutating func extend(upTo end: UInt64, reading state: borrowing some StateReader & ~Copyable) throws {
    guard top.map({ $0 < end }) ?? true else { return }
    let last = try branch.node(at: end, reading: state)
    guard let top else {
      (top, next, nextAt) = (end, last?.id, last?.createdAt)
      return
    }
    var above: [Step] = []
    var position = last.flatMap { $0.createdAt > top ? $0.id : nil }
    while let id = position {
      let node = try state.step(id)
      guard node.createdAt > top else { break }
      above.append((node.createdAt, node.change))
      position = node.parent
    }
    steps = above + steps
    self.top = end
  }
}
