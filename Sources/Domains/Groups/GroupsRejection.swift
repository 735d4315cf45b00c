// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// The reasons for which groups refuse, in the order of their checks. Source: groups spec; the words up to a variable part are fixed.
enum GroupsRejection {
  // All kinds, GC2–GC6
  static let expires = Rejection.invalid("group events must not expire")
  static let tooLarge = Rejection.invalid("group event too large")
  static let groupTag = Rejection.invalid("group tag must appear once")
  static let initWithGroup = Rejection.invalid("init_group must not carry a group tag")
  static func unknownGroup(_ id: EventID) -> Rejection { .error("unknown group \(id.short)") }
  static let olderThanGroup = Rejection.invalid("older than the group")

  // init_group, GI1–GI9
  static let notAnObject = Rejection.invalid("content is not a JSON object")
  static func malformedMember(_ index: Int) -> Rejection { .invalid("malformed members entry \(index)") }
  static let malformedMembers = Rejection.invalid("malformed members")
  static func unknownNested(_ id: EventID) -> Rejection { .error("nested group \(id.short) unknown") }
  static let duplicateNested = Rejection.invalid("duplicate nested group")
  static let duplicateMember = Rejection.invalid("duplicate member")
  static let malformedAdmin = Rejection.invalid("malformed admin")
  static func unknownAdmin(_ id: EventID) -> Rejection { .error("admin group \(id.short) unknown") }
  static let malformedAttesters = Rejection.invalid("malformed broadcast-attesters")
  static let malformedMeta = Rejection.invalid("malformed meta")
  static let noAdministrators = Rejection.invalid("group has no administrators")
  static let tooDeep = Rejection.invalid("group nesting too deep")
  static let tooManyPeople = Rejection.invalid("group too large")

  // Proposals, GP1–GP7
  static let emptyProposal = Rejection.invalid("empty proposal")
  static let parentMissing = Rejection.invalid("parent tag missing")
  static let foreignParent = Rejection.invalid("parent belongs to another group")
  static func unknownParent(_ id: EventID) -> Rejection { .error("unknown parent \(id.short)") }
  static let notAfterParent = Rejection.invalid("created_at must be after the parent")
  static let oldProposal = Rejection.invalid("created_at too old for a live proposal")
  static let removeOutOfRange = Rejection.invalid("remove position out of range")
  static let duplicateRemove = Rejection.invalid("duplicate remove position")
  static let malformedAdd = Rejection.invalid("malformed add entry")
  static let cycle = Rejection.invalid("group reference cycle")
  static let foreignProposer = Rejection.restricted("only members may propose")
  static let noAdministratorsLeft = Rejection.invalid("group would have no administrators")
  static let tooManyProposals = Rejection.blocked("too many open proposals")

  // Votes, GV1–GV7
  static let proposalMissing = Rejection.invalid("proposal tag missing")
  static let foreignProposal = Rejection.invalid("proposal belongs to another group")
  static func unknownProposal(_ id: EventID) -> Rejection { .error("unknown proposal \(id.short)") }
  static let malformedVote = Rejection.invalid("vote must be true or false")
  static let notAfterProposal = Rejection.invalid("created_at must be after the proposal")
  static let noVotingRights = Rejection.restricted("no voting rights")
  static let alreadyImplemented = Rejection.invalid("proposal already implemented")
  static let expired = Rejection.invalid("proposal expired")
  static let wasRejected = Rejection.invalid("proposal was rejected")
  static let tooManyVotes = Rejection.blocked("too many votes")

  // Modifications, GM3–GM17
  static let oldModification = Rejection.invalid("created_at too old for a live modification")
  static func notTheTip(_ tip: EventID) -> Rejection { .invalid("parent is not the chaintip \(tip.short)") }
  static func notAfterSibling(_ id: EventID) -> Rejection { .invalid("created_at must be after its sibling \(id.short)") }
  static let alreadyExtended = Rejection.invalid("author already extended this parent")
  static let finalised = Rejection.invalid("parent already finalised")
  static let tooManyBranches = Rejection.blocked("too many branches")
  static let notAnAdministrator = Rejection.restricted("not an administrator")
  static func suspended(by id: EventID) -> Rejection { .restricted("suspended by proposal \(id.short)") }
  static let voteBeforeProposal = Rejection.invalid("vote before proposal")
  static let listedTwice = Rejection.invalid("proposal listed twice")
  static let tooManyListed = Rejection.invalid("more than 32 proposals, or 200 votes for one")
  static let malformedReference = Rejection.invalid("malformed proposal or vote tag")
  static let otherBranch = Rejection.invalid("proposal is on another branch")
  static func unknownVote(_ id: EventID) -> Rejection { .error("unknown vote \(id.short)") }
  static let foreignVote = Rejection.invalid("vote is for another proposal")
  static let rejected = Rejection.invalid("proposal rejected")
  static func insufficient(_ tally: Tally) -> Rejection { .invalid("insufficient votes (\(tally.yes)/\(tally.weight), \(tally.no) against)") }
  static let malformedContent = Rejection.invalid("malformed content")
  static let directAdmin = Rejection.invalid("admin can only change through a proposal")
  static let directRemoval = Rejection.invalid("direct removal needs an admin group")
  static let administratorRemoval = Rejection.invalid("removal of an administrator needs a proposal")
  static let tooManyAdds = Rejection.blocked("too many members added")
  static let noEffect = Rejection.invalid("modification has no effect")

  // Attestations, GA1–GA6
  static let oneTarget = Rejection.invalid("e tag must appear once")
  static func unknownTarget(_ id: EventID) -> Rejection { .error("attested event unknown \(id.short)") }
  static let attestContent = Rejection.invalid("attest content must be empty")
  static let beforeTarget = Rejection.invalid("attestation older than its target")
  static let malformedProof = Rejection.invalid("malformed OTS proof")
  static let foreignProof = Rejection.invalid("OTS proof is for another event")
  static let noBitcoin = Rejection.invalid("OTS proof has no bitcoin attestation")
  static func wrongBlock(_ height: UInt32) -> Rejection { .invalid("OTS does not match block \(height)") }
  static let tooManyProofs = Rejection.blocked("too many unverified proofs")
  static let notAnAttester = Rejection.restricted("not a broadcast attester")

  // Labels
  static let labelWithoutEvent = Rejection.invalid("label names no event")

  // Deletions
  static let deletedByAuthor = Rejection.blocked("deleted by its author")
  static let undeletable = Rejection.blocked("group history cannot be deleted")
}

/// What a group event may wait for, and how its absence is told: live by the words of its check, from sync by being parked.
enum MissingDependency: String {
  case group, parent, proposal, vote, target

  /// Live, `unknown` is thrown; from sync the event is parked.
  func refusal(_ id: EventID, _ unknown: Rejection, in circumstances: Circumstances) -> any Error {
    if circumstances.isLive { return unknown }
    return Parked(.error("missing \(rawValue) \(id.short)"), waitingFor: Dependency(.groups, id.bytes))
  }
}
