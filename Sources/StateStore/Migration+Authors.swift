// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Nostr
import Policy

extension Migration {
  /// Schema 2 did not know whose events were accepted: read once from the journal. Parked events may wait for several things from here on, and rows of
  /// the outbox are laid out anew; both are read in the old layout too.
  static let knowsAuthors = Migration(toVersion: 3) { writer in
    var authors: Set<PublicKey> = []
    try writer.journal { row in
      guard case .event(let raw, _, _, _) = row.content else { return true }
      if let author = raw.withUnsafeBytes({ try? EventSlices.parse($0).pubkey }).map(PublicKey.init) { authors.insert(author) }
      return true
    }
    for author in authors { try writer.note(author: author) }
  }
}
