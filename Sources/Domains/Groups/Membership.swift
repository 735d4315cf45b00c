// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Who belongs to a group: the accounts of its members and of nested groups' members, whoever administers those. Source: groups, 6.3.
struct Membership {
  private let roles: Roles

  init(_ roles: Roles) { self.roles = roles }

  /// The groups through which an account is a member, the judged one first and the one that names it last; nil when it is none.
  func path(to account: PublicKey, at time: UInt64, reading state: borrowing some StateReader & ~Copyable) throws -> [EventID]? {
    var paths: [[EventID]] = [[roles.group]]
    var seen: Set<EventID> = [roles.group]
    for _ in 0..<roles.options.maxDepth {
      var next: [[EventID]] = []
      for path in paths {
        guard let group = path.last, let branch = try roles.branch(of: group, reading: state) else { continue }
        if try state.directSpans(of: account, branch).contains(time) { return path }
        let structure = try state.structureSegments(branch).last { $0.span.start <= time }?.structure
        for nested in structure?.nested.map(\.group) ?? [] where seen.count <= GroupLimits.visitedGroups && seen.insert(nested).inserted {
          next.append(path + [nested])
        }
      }
      paths = next
    }
    return nil
  }
}
