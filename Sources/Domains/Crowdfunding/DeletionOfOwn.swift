// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// What a kind 5 names of its own author's, as far as it is known.
struct DeletionOfOwn {
  struct Target {
    let id: EventID
    let kind: CrowdfundingNote.Kind
    let createdAt: UInt64
    /// nil for a deletion, which may concern several, and for some labels.
    let project: ProjectID?
  }

  /// In the order of the tags.
  private(set) var known: [Target] = []
  private(set) var byProject: [ProjectID: [Target]] = [:]
  private(set) var unknown: [EventID] = []
  let author: PublicKey
  let addresses: [Address]
  /// The same, made once for all campaigns that are folded.
  let foldedAddresses: Set<FoldedAddress>
  /// The campaigns of those addresses that have one.
  private(set) var projectsByAddress: Set<ProjectID> = []

  /// Every campaign that may change, in an order that depends on nothing else.
  var projects: [ProjectID] { Set(byProject.keys).union(projectsByAddress).sorted() }
  var namesKnown: Bool { !known.isEmpty || !projectsByAddress.isEmpty }
  /// Whether votes are named, or what may be votes.
  var mayNameVotes: Bool { !unknown.isEmpty || known.contains { $0.kind == .vote } }
  /// The only campaign of whose votes some are named; nil where there are none, or several.
  var projectOfVotes: ProjectID? {
    let projects = byProject.filter { $0.value.contains { $0.kind == .vote } }.keys
    return projects.count == 1 ? projects.first : nil
  }

  init(_ deletion: Deletion, by author: PublicKey, reading state: borrowing some StateReader & ~Copyable) throws {
    self.author = author
    addresses = deletion.addresses
    foldedAddresses = Set(addresses.map { FoldedAddress($0) })
    for id in deletion.targets {
      guard let row = try state.known(id) else {
        unknown.append(id)
        continue
      }
      guard let note = try CrowdfundingNote(row), note.author == author else { continue }
      let target = Target(id: id, kind: note.kind, createdAt: note.createdAt, project: note.project)
      known.append(target)
      if let project = note.project, note.kind == .version || note.kind == .vote { byProject[project, default: []].append(target) }
    }
    for address in addresses {
      let key = CrowdfundingState.addressKey(address.pubkey, address.identifier)
      if let project = try state.project(in: CrowdfundingState.addresses, key) { projectsByAddress.insert(project) }
      projectsByAddress.formUnion(try AddressProjects.read(address.pubkey, address.identifier, state))
    }
  }
}
