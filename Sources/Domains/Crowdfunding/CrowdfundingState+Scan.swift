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

  /// Whether money or votes were accepted live here, and were not taken back live. Read when a campaign's first deletion comes.
  borrowing func hasLiveActivity(_ project: ProjectID) throws -> Bool {
    var isFound = false
    try scanTimed(CrowdfundingState.contributions, project) { position, value in
      isFound = try ContributionRecord(position, decoding: value).isLive
      return !isFound
    }
    if isFound { return true }
    return try VoteRecord.all(of: project, self).contains { $0.isLive && $0.deletion?.isLive != true }
  }

  /// Whether any contribution was accepted, whatever became of it.
  borrowing func hasContributions(_ project: ProjectID) throws -> Bool {
    try hasEntry(CrowdfundingState.contributions, prefix: project.keyPrefix)
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
