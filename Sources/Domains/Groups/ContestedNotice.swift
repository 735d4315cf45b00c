// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// What the operator is told of a node that takes effect later: who would lose what then. Source: groups, 6.12, *Contested nodes*.
struct ContestedNotice {
  private let record: ContestedRecord
  private let author: PublicKey
  private let losing: [PublicKey]

  /// So many are named.
  private static let maxNamed = 16

  /// - Parameter losing: administrators that would be none any more.
  init(_ record: ContestedRecord, by author: PublicKey, losing: [PublicKey]) {
    self.record = record
    self.author = author
    self.losing = losing
  }

  var diagnostic: Diagnostic {
    Diagnostic(
      .warning, "groups.contested", "nothing proves when a modification of a group was made: here it takes effect later",
      fields: [
        .init("group", record.group.hex), .init("node", record.node.hex), .init("author", author.hex), .init("takesEffectAt", record.seenAt),
        .init("administratorsLost", losing.count), .init("losing", losing.prefix(Self.maxNamed).map(\.hex).joined(separator: " ")),
      ])
  }
}
