// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// How groups refer to each other as they stand now: no cycles, and not too deep. Source: groups, GP5 and GM9.
struct Nesting {
  private let options: GroupsOptions
  /// Only references that a group had at all times count, on all its branches: those are the same whatever of it has arrived.
  private let isCertain: Bool

  init(_ options: GroupsOptions, isCertain: Bool = false) {
    self.options = options
    self.isCertain = isCertain
  }

  /// Whether one of the references leads back to a group, through any number of others.
  func leads(_ references: [EventID], to target: EventID, reading state: borrowing some StateReader & ~Copyable) throws -> Bool {
    var seen = Set(references)
    var open = Array(seen)
    while let next = open.popLast() {
      if next == target { return true }
      guard seen.count <= GroupLimits.visitedGroups, let group = try state.group(next) else { continue }
      for reference in try named(by: group, reading: state) where seen.insert(reference).inserted { open.append(reference) }
    }
    return false
  }

  private func named(by group: GroupRecord, reading state: borrowing some StateReader & ~Copyable) throws -> [EventID] {
    guard isCertain else { return try state.structureNow(group).references }
    let rows = try state.structureRows(of: group.id).map { Set($0.structure.references) }
    return rows.dropFirst().reduce(rows.first ?? []) { $0.intersection($1) }.sorted()
  }

  /// The depth of a group with these references: 1 without any.
  func depth(above references: [EventID], reading state: borrowing some StateReader & ~Copyable) throws -> Int {
    var depth = 1
    var level = Set(references)
    // A cycle never ends: the limit does.
    while !level.isEmpty, depth <= options.maxDepth {
      depth += 1
      var next: Set<EventID> = []
      for id in level { if let group = try state.group(id) { next.formUnion(try state.structureNow(group).references) } }
      level = next
    }
    return depth
  }
}

extension StateReader where Self: ~Copyable {
  /// What a group refers to at its tip.
  borrowing func structureNow(_ group: GroupRecord) throws -> GroupStructure {
    if group.hasForks { return try structureSegments(Branch(canonical: group)).last?.structure ?? GroupStructure(admin: nil, nested: []) }
    let end = group.id.bytes + [UInt8](repeating: 0xff, count: 36)
    guard let row = try last(GroupsState.structures, prefix: group.id.bytes, upTo: end) else { return GroupStructure(admin: nil, nested: []) }
    return try GroupStructure.decoding(row.value).structure
  }
}
