// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

/// Which decisions of a campaign are disputed: those that hold here, that all known events give, that nodes announced, and that operators resolved.
/// Totals are never disputed. Source: constellation spec, rule 4.
extension CampaignRecord {
  /// Everything of the record that has a say in whether it is disputed.
  struct Decisions: Equatable {
    fileprivate let isApprovedHere: Bool
    fileprivate let isApprovedInFold: Bool
    fileprivate let isDeletedHere: Bool
    fileprivate let isDeletedInFold: Bool
    /// Whether live money or a live vote here decided that the campaign is kept. A live deletion decides nothing by itself: money that is dated before it
    /// keeps the campaign, whichever relay had it.
    fileprivate let isKeptLive: Bool
    fileprivate let approvedOwners: Bytes32?
    fileprivate let foldOwners: Bytes32?
    fileprivate let votesResolved: Resolution?
    fileprivate let deletionResolved: Resolution?
    fileprivate let isContested: Bool
  }

  func decisions(_ rules: VoteRules) -> Decisions {
    Decisions(
      isApprovedHere: isApprovedHere, isApprovedInFold: isApprovedInFold(rules), isDeletedHere: deletedAt != nil, isDeletedInFold: isDeletedInFold,
      isKeptLive: keptFrom != nil, approvedOwners: approvedOwners, foldOwners: foldOwners,
      votesResolved: votesResolved.own, deletionResolved: deletionResolved.own, isContested: isContested)
  }

  /// Whether the question that a resolution answers was resolved before, here or by others.
  public func isResolved(_ resolution: Resolution) -> Bool {
    let resolutions = resolution.question == .vote ? votesResolved : deletionResolved
    return resolutions != Resolutions()
  }

  /// Takes what was resolved, and notes whether anything is disputed.
  ///
  /// - Parameter node: this node, whose own resolutions are its operator's and not what a label of before says.
  mutating func settleDispute(_ heard: Announcements, node: PublicKey?, _ rules: VoteRules) {
    let known = decisions(rules)
    let votes = Ballot(heard, .vote, own: votesResolved.own, node: node)
    votesResolved.inForce = votes.inForce(isDecidedLive: isApprovedHere)
    let deletion = Ballot(heard, .deletion, own: deletionResolved.own, node: node)
    deletionResolved.inForce = deletion.inForce(isDecidedLive: known.isKeptLive)
    settleApproval(rules)

    let isVoteDisputed = votes.isDisputed(votesResolved.inForce, announced: { $0 == .open ? heard.approvedBy : [] }) {
      let isOther = known.isApprovedHere && !known.isApprovedInFold || !heard.approvedBy.isEmpty && !known.isApprovedInFold
      return isOther || known.isApprovedHere && approvedOwners != nil && approvedOwners != foldOwners
    }
    let keepers = heard.keptBy.union(heard.recorded.keys)
    let isDeletionDisputed = deletion.isDisputed(deletionResolved.inForce, announced: { $0 == .deleted ? keepers : [] }) {
      known.isDeletedHere != known.isDeletedInFold || !keepers.isEmpty && known.isDeletedInFold
    }
    isDisputed = isVoteDisputed || isDeletionDisputed || isContested
  }

  /// The resolutions of one question, this node's and those announced.
  private struct Ballot {
    private let own: Resolution?
    /// By node, this one's own among them.
    private var announced: [PublicKey: Resolution]
    private let values: Set<Resolution>

    init(_ heard: Announcements, _ question: Resolution.Question, own: Resolution?, node: PublicKey?) {
      self.own = own
      announced = heard.resolutions[question] ?? [:]
      if let own, let node { announced[node] = own }
      values = Set(announced.values).union(own.map { [$0] } ?? [])
    }

    /// The own one; where nothing was decided live here, the one that is announced.
    func inForce(isDecidedLive: Bool) -> Resolution? { own ?? (values.count == 1 && !isDecidedLive ? values.first : nil) }

    /// - Parameters:
    ///   - announced: the nodes that announced the other decision: until they resolve as well, it stays disputed.
    ///   - isOther: whether a decision is another than the fold's; asked where nothing was resolved.
    func isDisputed(_ inForce: Resolution?, announced contrary: (Resolution) -> Set<PublicKey>, _ isOther: () -> Bool) -> Bool {
      if values.count > 1 { return true }
      if let inForce { return contrary(inForce).contains { announced[$0] != inForce } }
      return !values.isEmpty || isOther()
    }
  }
}
