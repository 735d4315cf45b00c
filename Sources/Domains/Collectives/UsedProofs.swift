// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

/// The proofs that an update and those before it in its line have used: a set that shares with its parent's whatever did not change.
///
/// A tree over the hashes of the proofs, four bits a level. Adding writes the nodes on the way anew and leaves the others, so every branch of a chain has
/// a set of its own, however many branches there are, and asking takes as many reads as the logarithm of the set's size.
enum UsedProofs {
  /// A node: the update that wrote it, and its number among those that the update wrote.
  struct Reference: Hashable, Sendable {
    let update: EventID
    let number: UInt16

    var key: [UInt8] {
      var writer = RecordWriter(capacity: 34)
      writer.put(update)
      writer.put(number)
      return writer.bytes
    }
  }

  static func contains(_ proof: Bytes32, in root: Reference?, _ state: borrowing some StateReader & ~Copyable) throws -> Bool {
    let path = Path(proof)
    var reference = root
    var depth = 0
    while let current = reference, depth < Path.maxDepth {
      switch try Node.read(current, state).slots[path[depth]] {
      case .empty: return false
      case .leaf(let leaf): return leaf == proof
      case .node(let next): reference = next
      }
      depth += 1
    }
    return false
  }

  /// The set with some more proofs.
  ///
  /// - Parameter update: the one that uses them, under which the new nodes are kept.
  static func adding(
    _ proofs: [Bytes32], to root: Reference?, by update: EventID, _ state: borrowing some StateReader & ~Copyable
  ) throws -> (root: Reference, changes: [StateChange]) {
    var growth = Growth(update: update)
    let node = try root.map { try Node.read($0, state) } ?? Node()
    let reference = try growth.add(proofs.map { (Path($0), $0) }, to: node, depth: 0, state)
    return (reference, growth.changes)
  }

  /// The nodes that one update writes.
  private struct Growth {
    let update: EventID
    private(set) var changes: [StateChange] = []

    init(update: EventID) { self.update = update }

    mutating func add(
      _ proofs: [(path: Path, proof: Bytes32)], to node: Node, depth: Int, _ state: borrowing some StateReader & ~Copyable
    ) throws -> Reference {
      var node = node
      for slot in node.slots.indices {
        var own = proofs.filter { $0.path[depth] == slot }
        guard !own.isEmpty else { continue }
        var below: Node?
        switch node.slots[slot] {
        case .empty: break
        case .leaf(let leaf): own.append((Path(leaf), leaf))
        case .node(let next): below = try Node.read(next, state)
        }
        let isAlone = own.allSatisfy { $0.proof == own[0].proof } || depth + 1 == Path.maxDepth
        if below == nil, isAlone {
          node.slots[slot] = .leaf(own[0].proof)
        } else {
          node.slots[slot] = .node(try add(own, to: below ?? Node(), depth: depth + 1, state))
        }
      }
      let reference = Reference(update: update, number: UInt16(truncatingIfNeeded: changes.count))
      changes.append(.put(CollectivesState.usedNodes, key: reference.key, value: node.encoded))
      return reference
    }
  }

  /// Where a proof stands: four bits for each level. Hashed, since whoever writes a proof chooses it.
  private struct Path {
    static let maxDepth = 64
    private let bytes: [UInt8]

    init(_ proof: Bytes32) { bytes = SHA256.digest(of: proof.bytes).bytes }

    /// - Parameter depth: less than `maxDepth`.
    subscript(depth: Int) -> Int { Int(depth & 1 == 0 ? bytes[depth / 2] >> 4 : bytes[depth / 2] & 15) }
  }

  // for each of 16 slots: 0 · or 1 · proof 32 · or 2 · update 32 · number 2
  private struct Node {
    enum Slot {
      case empty
      case leaf(Bytes32)
      case node(Reference)
    }

    var slots = [Slot](repeating: .empty, count: 16)

    init() {}

    var encoded: [UInt8] {
      var writer = RecordWriter(capacity: 16 + 34 * 4)
      for slot in slots {
        switch slot {
        case .empty: writer.put(UInt8(0))
        case .leaf(let proof):
          writer.put(UInt8(1))
          writer.put(proof)
        case .node(let reference):
          writer.put(UInt8(2))
          writer.put(fixed: reference.key)
        }
      }
      return writer.bytes
    }

    static func read(_ reference: Reference, _ state: borrowing some StateReader & ~Copyable) throws -> Node {
      guard let bytes = try state.value(CollectivesState.usedNodes, reference.key) else {
        throw Fault.corrupt(CollectivesState.usedNodes, "an update without its used proofs")
      }
      var reader = RecordReader(bytes, of: CollectivesState.usedNodes)
      var node = Node()
      for slot in node.slots.indices {
        switch try reader.uint8() {
        case 0: continue
        case 1: node.slots[slot] = .leaf(try reader.bytes32())
        case 2: node.slots[slot] = .node(Reference(update: try reader.eventID(), number: try reader.uint16()))
        default: throw Fault.corrupt(CollectivesState.usedNodes, "unknown slot")
        }
      }
      return node
    }
  }
}
