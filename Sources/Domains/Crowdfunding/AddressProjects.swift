// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// The projects of an address that had several, one after the other: a deletion by the address concerns all of them, whichever came last.
///
/// One that always had the same project has no row: `addresses` leads to it.
enum AddressProjects {
  /// So many at most are looked at: whoever gives one address to more makes his own campaigns depend on the order in which they come.
  static let maxLookedAt = 32

  /// The rows that an address needs once it names another project than before.
  static func changes(
    _ author: PublicKey, _ identifier: Text, naming project: ProjectID, _ state: borrowing some StateReader & ~Copyable
  ) throws -> [StateChange] {
    let address = CrowdfundingState.addressKey(author, identifier)
    guard let known = try state.project(in: CrowdfundingState.addresses, address), known != project else { return [] }
    return [known, project].map { .put(CrowdfundingState.addressProjects, key: prefix(author, identifier) + $0.bytes, value: [1]) }
  }

  static func read(_ author: PublicKey, _ identifier: Text, _ state: borrowing some StateReader & ~Copyable) throws -> Set<ProjectID> {
    let prefix = prefix(author, identifier)
    var projects: Set<ProjectID> = []
    try state.scan(CrowdfundingState.addressProjects, prefix: prefix) { key, _ in
      projects.insert(try CrowdfundingState.project(Array(key.dropFirst(prefix.count)), in: CrowdfundingState.addressProjects))
      return projects.count < maxLookedAt
    }
    return projects
  }

  // author 32 · length of d 1 · d · project
  private static func prefix(_ author: PublicKey, _ identifier: Text) -> [UInt8] {
    author.bytes + [UInt8(truncatingIfNeeded: identifier.count)] + identifier.bytes
  }
}
