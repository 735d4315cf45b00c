// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// What a kind 7 is to crowdfunding: decided on the line itself for the claim, and once more on the event. Votes come first, so that a vote is never
/// taken for a contribution, and polls before contributions, so that a poll never moves money.
enum ReactionKind {
  case vote, contribution

  /// nil for a reaction that is not crowdfunding's. No heap.
  init?(_ event: borrowing EventSlices) {
    var marks = ReactionMarks()
    event.forEachTag { tag in marks.formUnion(ReactionMarks.of(isNamed: { tag.isNamed($0) }, hasValue: { tag.hasValue($0) })) }
    self.init(marks)
  }

  init?(_ event: VerifiedEvent) {
    var marks = ReactionMarks()
    for tag in event.tags { marks.formUnion(ReactionMarks.of(isNamed: { tag.isNamed($0) }, hasValue: { tag.hasValue($0) })) }
    self.init(marks)
  }

  private init?(_ marks: ReactionMarks) {
    if marks.contains(.voteOnAssets) || marks.isSuperset(of: [.crowdfunding, .voteTarget]) {
      self = .vote
    } else if marks.contains(.crowdfunding), !marks.isSuperset(of: [.crowdfundingVote, .pollChoice]) {
      self = .contribution
    } else {
      return nil
    }
  }
}

/// The tags that tell reactions apart.
private struct ReactionMarks: OptionSet {
  let rawValue: UInt8

  /// `t`=`vote-assets`
  static let voteOnAssets = ReactionMarks(rawValue: 1)
  /// `t`=`crowdfunding`
  static let crowdfunding = ReactionMarks(rawValue: 2)
  /// `t`=`crowdfunding-vote`
  static let crowdfundingVote = ReactionMarks(rawValue: 4)
  /// `target`=`VOTE`
  static let voteTarget = ReactionMarks(rawValue: 8)
  /// `vote`=`approve`, `reject` or `contribute`
  static let pollChoice = ReactionMarks(rawValue: 16)

  /// The mark of one tag.
  static func of(isNamed: (StaticString) -> Bool, hasValue: (StaticString) -> Bool) -> ReactionMarks {
    if isNamed("t") {
      if hasValue("crowdfunding") { return .crowdfunding }
      if hasValue("vote-assets") { return .voteOnAssets }
      if hasValue("crowdfunding-vote") { return .crowdfundingVote }
    } else if isNamed("target") {
      if hasValue("VOTE") { return .voteTarget }
    } else if isNamed("vote") {
      if hasValue("approve") || hasValue("reject") || hasValue("contribute") { return .pollChoice }
    }
    return []
  }
}
