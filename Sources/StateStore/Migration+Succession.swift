// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Nostr
import Policy

extension Migration {
  /// Schema 3 knew neither the newest event of an address nor what deletions name in all domains: read once from the journal.
  static let knowsSuccession = Migration(toVersion: 4) { writer in
    var heads: [Address: AddressHead] = [:]
    try writer.journal { row in
      guard case .event(let raw, let id, _, _) = row.content, let event = try? Event(parsing: raw) else { return true }
      if let address = event.address, heads[address]?.yields(to: event.createdAt, id) ?? true {
        heads[address] = AddressHead(createdAt: event.createdAt, id: id)
      }
      return true
    }
    for (address, head) in heads { try writer.setHead(of: address, head) }
    var deletions: [Event] = []
    try writer.journal { row in
      guard case .event(let raw, _, _, _) = row.content, let event = try? Event(parsing: raw), event.kind == 5 else { return true }
      deletions.append(event)
      return true
    }
    for deletion in deletions { try writer.note(targetsOf: deletion) }
  }
}

extension StateWriter {
  /// Remembers what an accepted deletion names, known or not: events, and addresses of its author's.
  public func note(targetsOf deletion: Event) throws {
    let targets = deletion.deletionTargets
    for id in Set(targets.ids) { try note(deletion: deletion.id, of: id, by: deletion.pubkey) }
    for address in Set(targets.addresses) where address.pubkey == deletion.pubkey {
      try note(deletion: deletion.id, of: address, at: deletion.createdAt)
    }
  }
}
