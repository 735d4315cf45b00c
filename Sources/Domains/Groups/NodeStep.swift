// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

/// What folding a history needs of one node: its parent, its time, its depth and its change.
///
/// A state that nobody has asked lately is folded from up to 1023 nodes, so what most of them do, removing and adding members, is read without detours.
struct NodeStep: Sendable, Equatable {
  let parent: EventID?
  let createdAt: UInt64
  let depth: UInt32
  let change: ResolvedChange

  init(id: EventID, decoding bytes: [UInt8]) throws {
    if let step = bytes.withUnsafeBytes({ Self.plain($0) }) {
      self = step
    } else {
      let node = try NodeRecord(id: id, decoding: bytes)
      (parent, createdAt, depth, change) = (node.parent, node.createdAt, node.depth, node.change)
    }
  }

  private init(parent: EventID, createdAt: UInt64, depth: UInt32, change: ResolvedChange) {
    self.parent = parent
    self.createdAt = createdAt
    self.depth = depth
    self.change = change
  }

  // See NodeRecord: version 1 · 1 · group 32 · parent 32 · jump 44 · author 32 · created_at 8 · received_at 8 · depth 4 · late 1 · change
  private static let parentStart = 34
  private static let createdAtStart = 142
  private static let depthStart = 158
  private static let changeStart = 163
  /// No admin, no meta, no attesters.
  private static let plainEnd: [UInt8] = [0, 0, 0, 0, 0, 0]

  /// nil for an init, and for a change of anything but members; then, and when it is damaged, the usual reader says what is there.
  private static func plain(_ bytes: UnsafeRawBufferPointer) -> NodeStep? {
    guard let base = bytes.baseAddress, bytes.count >= changeStart + 4, bytes[0] == 1, bytes[1] == 1 else { return nil }
    func count(at position: Int) -> Int { Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt32.self))) }
    var change = ResolvedChange()
    var position = changeStart + 4
    let removes = count(at: changeStart)
    guard removes <= (bytes.count - position) / 8 else { return nil }
    change.removes.reserveCapacity(removes)
    for _ in 0..<removes {
      change.removes.append(EntryID(value: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))))
      position += 8
    }
    guard bytes.count - position >= 4 else { return nil }
    let adds = count(at: position)
    position += 4
    guard adds <= (bytes.count - position) / 33 else { return nil }
    change.adds.reserveCapacity(adds)
    for _ in 0..<adds {
      guard let member = Member(type: bytes[position], value: Bytes32(unsafe: base + position + 1)) else { return nil }
      change.adds.append(member)
      position += 33
    }
    guard bytes[position...].elementsEqual(plainEnd) else { return nil }
    let depth = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: depthStart, as: UInt32.self))
    let createdAt = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: createdAtStart, as: UInt64.self))
    return NodeStep(parent: EventID(Bytes32(unsafe: base + parentStart)), createdAt: createdAt, depth: depth, change: change)
  }
}
