// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy
import TestSupport
import Testing

@testable import Groups

@Suite("Finding a node's ancestors")
struct JumpTests {
  /// Random trees: each node stands on the newest one, or on any other.
  @Test("the covering node of any time, on any line, is the one that walking from parent to parent finds", arguments: [UInt64(1), 2, 3, 4, 5])
  func agrees(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var tree = try NodeTree()
    for _ in 0..<400 {
      let parent =
        Int.random(in: 0..<10, using: &random) > 0 ? tree.nodes[tree.nodes.count - 1] : tree.nodes[Int.random(in: tree.nodes.indices, using: &random)]
      try tree.add(on: parent, after: UInt64.random(in: 1...5, using: &random))
    }
    for _ in 0..<2000 {
      let head = tree.nodes[Int.random(in: tree.nodes.indices, using: &random)]
      let time = UInt64.random(in: NodeTree.beginning - 2...head.createdAt + 2, using: &random)
      let found = try tree.ancestor(of: head.point, at: time)
      #expect(found == tree.walk(from: head, to: time)?.point, "seed \(seed), head \(head.depth), time \(time)")
    }
  }

  @Test("on a line of 20,000 nodes it takes at most three reads for each doubling of the length")
  func isShort() throws {
    var tree = try NodeTree()
    for _ in 0..<20_000 { try tree.add(on: tree.nodes[tree.nodes.count - 1], after: 1) }
    let head = tree.nodes[tree.nodes.count - 1]
    for time in stride(from: NodeTree.beginning, through: head.createdAt, by: 7) {
      tree.reads.count = 0
      #expect(try tree.ancestor(of: head.point, at: time)?.createdAt == time)
      #expect(tree.reads.count <= 3 * 15, "time \(time)")
    }
  }

  @Test("a line contains its own nodes and no others, whether they were created before the first fork or after it")
  func contains() throws {
    var tree = try NodeTree()
    let root = tree.nodes[0]
    let fork = try tree.add(on: root, after: 10)
    let left = try tree.add(on: fork, after: 10)
    let right = try tree.add(on: fork, after: 12)
    let end = try tree.add(on: right, after: 10)
    var group = GroupRecord(root)
    group.firstForkAt = fork.createdAt
    let branch = Branch(endingAt: end, group)
    for node in [root, fork, right, end] { #expect(try branch.contains(node.id, node.createdAt, reading: tree)) }
    #expect(try !branch.contains(left.id, left.createdAt, reading: tree))
    #expect(try !Branch(endingAt: fork, group).contains(right.id, right.createdAt, reading: tree))
    #expect(try branch.node(at: NodeTree.beginning - 1, reading: tree) == nil)
  }
}

/// The nodes of one group, without anything else.
private struct NodeTree: StateReader {
  final class Reads { var count = 0 }

  static let beginning: UInt64 = 1_000
  let reads = Reads()
  private(set) var nodes: [NodeRecord] = []
  private var rows: [[UInt8]: [UInt8]] = [:]

  init() throws { keep(Self.node(0, on: nil, jump: nil, createdAt: Self.beginning)) }

  private static func node(_ number: Int, on parent: NodeRecord?, jump: Jump?, createdAt: UInt64) -> NodeRecord {
    let id = EventID(SHA256.digest(of: Array("node \(number)".utf8)))
    return NodeRecord(
      id: id, group: parent?.group ?? id, parent: parent?.id, jump: jump, author: World.key("A").pubkey, createdAt: createdAt, receivedAt: createdAt,
      depth: parent.map { $0.depth + 1 } ?? 0, isLate: false, isProven: true,
      change: ResolvedChange())
  }

  private mutating func keep(_ node: NodeRecord) {
    nodes.append(node)
    rows[node.id.bytes] = node.encoded
  }

  @discardableResult
  mutating func add(on parent: NodeRecord, after seconds: UInt64) throws -> NodeRecord {
    let jump = try Jump(fromChildOf: parent, reading: self)
    let node = Self.node(nodes.count, on: parent, jump: jump, createdAt: parent.createdAt + seconds)
    keep(node)
    return node
  }

  func walk(from head: NodeRecord, to time: UInt64) -> NodeRecord? {
    var current: NodeRecord? = head
    while let node = current, node.createdAt > time { current = nodes.first { $0.id == node.parent } }
    return current
  }

  func value(_ table: Table, _ key: [UInt8]) -> [UInt8]? {
    reads.count += 1
    return table == GroupsState.nodes ? rows[key] : nil
  }

  func scan(_ table: Table, prefix: [UInt8], from start: [UInt8]?, _ visit: ([UInt8], [UInt8]) throws -> Bool) {}
  func last(_ table: Table, prefix: [UInt8], upTo key: [UInt8]) -> (key: [UInt8], value: [UInt8])? { nil }
  func known(_ id: EventID) -> KnownEvent? { nil }
  func isParked(_ id: EventID, by author: PublicKey) -> Bool { false }
  func isKnownAuthor(_ author: PublicKey) throws -> Bool { false }
  func raw(_ id: EventID) -> [UInt8]? { nil }
}
