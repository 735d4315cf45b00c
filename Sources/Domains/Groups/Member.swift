// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

/// What an entry of a group's members is.
enum Member: Hashable, Sendable {
  case account(PublicKey)
  /// Another group; its electorate stands in place, or is one vote together (`groupvote`).
  case group(EventID, isBlock: Bool)

  /// As it is stored; nil for a type that this program does not know.
  init?(type: UInt8, value: Bytes32) {
    switch type {
    case 1: self = .account(PublicKey(value))
    case 2: self = .group(EventID(value), isBlock: false)
    case 3: self = .group(EventID(value), isBlock: true)
    default: return nil
    }
  }

  var account: PublicKey? { if case .account(let key) = self { key } else { nil } }
  var group: EventID? { if case .group(let id, _) = self { id } else { nil } }

  /// Whether adding `other` beside it would be adding it a second time: a group counts once, whatever its flag.
  func isSame(as other: Member) -> Bool {
    switch (self, other) {
    case (.account(let left), .account(let right)): left == right
    case (.group(let left, _), .group(let right, _)): left == right
    default: false
    }
  }
}

/// An entry's lasting name: the depth of the node that added it and its number among that node's additions. Entries stand in this order, so positions
/// are counted and entries found without an index. Along one chain it is unique.
struct EntryID: Hashable, Comparable, Sendable {
  let value: UInt64

  init(value: UInt64) { self.value = value }
  init(depth: UInt32, ordinal: Int) { value = UInt64(depth) << 20 | UInt64(truncatingIfNeeded: ordinal) & 0xf_ffff }

  var depth: UInt32 { UInt32(truncatingIfNeeded: value >> 20) }

  static func < (left: EntryID, right: EntryID) -> Bool { left.value < right.value }
}

struct Entry: Sendable, Equatable {
  let id: EntryID
  let member: Member
}

extension RecordWriter {
  // type 1 (1 account, 2 group, 3 group with one vote) · key or id 32
  mutating func put(_ member: Member) {
    switch member {
    case .account(let key):
      put(UInt8(1))
      put(key)
    case .group(let id, let isBlock):
      put(UInt8(isBlock ? 3 : 2))
      put(id)
    }
  }

  mutating func put<Element>(list: [Element], _ write: (inout RecordWriter, Element) -> Void) {
    put(UInt32(truncatingIfNeeded: list.count))
    for element in list { write(&self, element) }
  }
}

extension RecordReader {
  mutating func member(of table: Table) throws -> Member {
    let type = try uint8()
    guard let member = Member(type: type, value: try bytes32()) else { throw Fault.corrupt(table, "unknown member") }
    return member
  }

  mutating func list<Element>(_ read: (inout RecordReader) throws -> Element) throws -> [Element] {
    var elements: [Element] = []
    for _ in 0..<(try uint32()) { elements.append(try read(&self)) }
    return elements
  }
}
