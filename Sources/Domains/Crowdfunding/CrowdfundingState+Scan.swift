// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Visits the timed entries of one campaign, oldest first.
extension StateReader where Self: ~Copyable {
  borrowing func scanTimed(_ table: Table, _ project: ProjectID, _ visit: (FoldPosition, [UInt8]) throws -> Bool) throws {
    let prefix = project.keyPrefix
    try scan(table, prefix: prefix) { key, value in
      var reader = RecordReader(key, of: table)
      _ = try reader.fixed(prefix.count)
      let createdAt = try reader.uint64()
      return try visit(FoldPosition(createdAt: createdAt, id: try reader.eventID()), value)
    }
  }

  /// All votes and deletions of votes of one campaign, in fold order.
  borrowing func ballots(_ project: ProjectID) throws -> [BallotRecord] {
    var ballots: [BallotRecord] = []
    try scanTimed(CrowdfundingState.ballots, project) { position, value in
      ballots.append(try BallotRecord(position, decoding: value))
      return true
    }
    return ballots
  }

  /// Whether a campaign has money or votes: then it cannot be deleted.
  borrowing func hasActivity(_ project: ProjectID) throws -> Bool {
    try hasEntry(CrowdfundingState.contributions, prefix: project.keyPrefix) || hasEntry(CrowdfundingState.ballots, prefix: project.keyPrefix)
  }
}
