// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Nostr
import Policy

extension Migration {
  /// Schema 3 knew neither the newest event of an address nor what deletions name in all domains: read once from the journal.
  static let knowsSuccession = Migration(toVersion: 4) { writer in
    // Row by row, whatever the journal's length: nothing of it is kept in memory.
    try writer.journal { row in
      guard case .event(let raw, let id, _, _) = row.content, let event = try? Event(parsing: raw) else { return true }
      if let address = event.address, try writer.head(of: address)?.yields(to: event.createdAt, id) ?? true {
        try writer.setHead(of: address, AddressHead(createdAt: event.createdAt, id: id))
      }
      if event.kind == 5 { try writer.note(targetsOf: event) }
      return true
    }
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
