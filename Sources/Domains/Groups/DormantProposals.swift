// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Proposals that could suspend nobody when they came: their author did not administer, or nobody tenured was limited, or too many were. A node that comes
/// late, or another branch, can change that, so they are kept by author, and those are found again whose authors ever counted.
///
/// Strangers may leave any number of them. They are not gone through: the authors and the members are looked through in turns, each looked for from the
/// other on, so the fewer of the two decide what it costs.
struct DormantProposals {
  private let group: EventID

  /// So many members and authors are looked for: enough for a group of a thousand accounts, whatever strangers leave.
  private static let maxLooks = 2048

  init(of group: EventID) { self.group = group }

  /// - Returns: no particular order; those made after `since`, up to a time, by accounts that ever stood in the members of a group that counts here.
  func records(
    after since: UInt64, upTo time: UInt64, atMost limit: Int, _ tenure: Tenure, reading state: borrowing some StateReader & ~Copyable
  ) throws -> [LimitingRecord] {
    let prefix = GroupsState.dormantPrefix(group)
    guard try state.hasEntry(GroupsState.notes, prefix: prefix) else { return [] }
    var authors: Set<PublicKey> = []
    var looks = Self.maxLooks
    let reach = try tenure.reach(reading: state)
    // Where there are too many others, only those are found who stood in the group's own members.
    let hasTooMany = reach.passed.count > 1 + OtherGroups.maxGroups
    for (member, spans) in reach.direct.sorted(by: { $0.key < $1.key }) where member == group || !hasTooMany {
      guard spans.list.first.map({ $0.start <= time }) ?? false else { continue }
      try authors.formUnion(Self.authors(in: prefix, standingIn: member, atMost: &looks, reading: state))
      if looks <= 0 { break }
    }
    var records: [LimitingRecord] = []
    for author in authors.sorted() {
      let start = prefix + author.bytes
      var end = RecordWriter(capacity: 128)
      end.put(fixed: start)
      end.put(time)
      end.put(fixed: [UInt8](repeating: 0xff, count: 32))
      try state.newest(GroupsState.notes, prefix: start, upTo: end.bytes) { key, value in
        var keys = RecordReader(Array(key.dropFirst(start.count)), of: GroupsState.notes)
        var record = try LimitingRecord(createdAt: keys.uint64(), proposal: keys.eventID(), decoding: value)
        guard record.createdAt >= since else { return false }
        record.isDormant = true
        records.append(record)
        return records.count < limit
      }
      if records.count >= limit { break }
    }
    return records
  }

  /// The authors below a prefix who ever stood in a group's own members.
  private static func authors(
    in prefix: [UInt8], standingIn group: EventID, atMost looks: inout Int, reading state: borrowing some StateReader & ~Copyable
  ) throws -> [PublicKey] {
    let members = GroupsState.half(group)
    var found: [PublicKey] = []
    var from = [UInt8](repeating: 0, count: 32)
    while looks > 0 {
      looks -= 2
      guard let author = try first(GroupsState.notes, prefix, from: from, reading: state),
        let member = try first(GroupsState.accounts, members, from: author.bytes, reading: state)
      else { break }
      from = member.bytes
      guard author == member else { continue }
      found.append(author)
      guard let next = successor(of: author.bytes) else { break }
      from = next
    }
    return found
  }

  /// The first key of an account below a prefix, from one on.
  private static func first(
    _ table: Table, _ prefix: [UInt8], from key: [UInt8], reading state: borrowing some StateReader & ~Copyable
  ) throws -> PublicKey? {
    var found: PublicKey?
    try state.scan(table, prefix: prefix, from: prefix + key) { key, _ in
      var keys = RecordReader(Array(key.dropFirst(prefix.count)), of: table)
      found = try keys.publicKey()
      return false
    }
    return found
  }

  private static func successor(of key: [UInt8]) -> [UInt8]? {
    var bytes = key
    for index in bytes.indices.reversed() {
      if bytes[index] < 0xff {
        bytes[index] += 1
        return bytes
      }
      bytes[index] = 0
    }
    return nil
  }
}
