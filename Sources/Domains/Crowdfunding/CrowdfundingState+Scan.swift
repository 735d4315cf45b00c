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

  /// All contributions to one campaign, in fold order.
  borrowing func contributions(_ project: ProjectID) throws -> [ContributionRecord] {
    var contributions: [ContributionRecord] = []
    try scanTimed(CrowdfundingState.contributions, project) { position, value in
      contributions.append(try ContributionRecord(position, decoding: value))
      return true
    }
    return contributions
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

extension [UInt8] {
  /// The greatest key of the same length below this one; nil when there is none.
  var predecessor: [UInt8]? {
    var key = self
    for index in key.indices.reversed() {
      if key[index] > 0 {
        key[index] -= 1
        return key
      }
      key[index] = 0xff
    }
    return nil
  }
}
