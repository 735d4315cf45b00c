// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// The reasons for which crowdfunding refuses, in the order of its checks. Source: crowdfunding spec; the words up to a variable part are fixed.
enum CrowdfundingRejection {
  // Campaigns, C0–C14
  static let foreignSnapshot = Rejection.restricted("snapshots come from the campaign's node")
  static let identifierCount = Rejection.invalid("d tag must appear once")
  static let identifierLength = Rejection.invalid("d tag must appear once, with 1 to 128 bytes")
  static let identifierShape = Rejection.invalid("UMAP does not match g: d is not crowdfund-{lat}-{lon}-{slug}")
  static let cellMismatch = Rejection.invalid("UMAP does not match g")
  static let newerKnown = Rejection.duplicate("a newer version is known")
  static let missingTitle = Rejection.invalid("missing title")
  static func missingTopic(_ topic: String) -> Rejection { .invalid("missing t tag \(topic)") }
  static let campaignExpires = Rejection.invalid("campaigns must not expire")
  static let malformedProject = Rejection.invalid("malformed project-id")
  static let malformedPlace = Rejection.invalid("malformed g tag")
  static let missingCell = Rejection.invalid("missing umap or bien p tag")
  static let twoBiens = Rejection.invalid("missing umap or bien p tag: two Biens are named")
  static let unknownCell = Rejection.restricted("unknown UMAP")
  static let malformedOwner = Rejection.invalid("malformed owner tag")
  static let malformedGoal = Rejection.invalid("malformed goal tag")
  static let goalDiffers = Rejection.invalid("goal differs from totals")
  static let malformedWallet = Rejection.invalid("malformed wallet tag")
  static let unknownStatus = Rejection.invalid("unknown status")
  static let malformedClosing = Rejection.invalid("malformed closed_at")
  static let malformedQuorum = Rejection.invalid("malformed quorum")
  static let unknownGovernance = Rejection.invalid("unknown governance")
  static let secret = Rejection.invalid("campaign would publish a secret")
  static let foreignCreator = Rejection.restricted("only the designated captain may create this campaign")
  static let foreignAuthor = Rejection.restricted("only the captain may change this campaign")
  static let foreignFinaliser = Rejection.restricted("only the captain may finalise")
  static let otherCaptain = Rejection.blocked("project-id is bound to another captain")
  static let otherProject = Rejection.blocked("the Bien belongs to another project")
  static let tooManyRivals = Rejection.blocked("too many campaigns claim this project-id")
  static let otherBien = Rejection.blocked("the Bien of a project cannot change")
  static let otherWallet = Rejection.blocked("the Bien's wallet cannot change")
  static func badBeginning(_ status: CampaignStatus) -> Rejection { .invalid("status cannot begin as \(status.name)") }
  static func badMove(_ from: CampaignStatus, _ to: CampaignStatus) -> Rejection { .invalid("status cannot go from \(from.name) to \(to.name)") }
  static func goalNotReached(_ goal: Goal, collected: Amount) -> Rejection {
    let unit = goal.type.hundredthsPerUnit
    return .invalid(
      "goal \(goal.type.name) not reached (\(collected.decimal(hundredthsPerUnit: unit))/\(goal.target.decimal(hundredthsPerUnit: unit)))")
  }
  static let disputedOutcome = Rejection.blocked("the outcome is disputed")
  static let voteNotApproved = Rejection.invalid("the vote is not approved")
  static func fixedTerms(_ what: String) -> Rejection { .invalid("\(what) are fixed once the campaign runs") }
  static func votedTerms(_ what: String) -> Rejection { .invalid("\(what) are fixed once votes are cast") }

  // Reactions, K1–K10
  static let invalidAmount = Rejection.invalid("invalid amount: a whole number from 1 to 1000")
  static let twoCampaigns = Rejection.invalid("reaction names two campaigns")
  static let noCampaign = Rejection.invalid("no campaign is named")
  static let unknownProject = Rejection.error("project not found")
  static func missingCampaign(_ shown: String) -> Rejection { .error("missing campaign \(shown)") }
  static func notActive(_ why: String) -> Rejection { .blocked("campaign not active (\(why))") }
  static let notTheBien = Rejection.invalid("p is not the campaign's Bien")
  static let notItsWallet = Rejection.invalid("i is not the Bien's wallet")
  static let otherKind = Rejection.invalid("k is neither 30904 nor 30023")
  static let unknownTarget = Rejection.invalid("unknown target")
  static let noSuchGoal = Rejection.invalid("this campaign has no such goal")
  static let selfContribution = Rejection.invalid("self contribution")
  static let paymentExpires = Rejection.invalid("a payment must not expire")

  // Votes, V1–V6
  static let malformedVote = Rejection.invalid("a vote is + or +N")
  static let unknownVoteType = Rejection.invalid("unknown vote-type")
  static let noVoteOpen = Rejection.blocked("no vote is open on this project")
  static let alreadyVoted = Rejection.blocked("already voted on this project")
  static let voteExpires = Rejection.invalid("a vote must not expire")

  // What nodes of the constellation say
  static let foreignReceipt = Rejection.restricted("receipts come from the campaign's node")
  static let malformedReceipt = Rejection.invalid("malformed receipt")
  static let malformedLabel = Rejection.invalid("malformed label")

  // Deletions
  static let lateDeletion = Rejection.invalid("created_at is too old for a deletion")
  static let countedContribution = Rejection.blocked("a contribution that was counted cannot be deleted")
  static let decidedVote = Rejection.blocked("the vote is decided")
  static let undeletable = Rejection.blocked("a campaign with contributions cannot be deleted")
  static let deletionOfDeletion = Rejection.blocked("a deletion cannot be deleted")
  static let deletionOfLabel = Rejection.blocked("a label cannot be deleted")
  static let deletionOfReceipt = Rejection.blocked("a receipt cannot be deleted")
  static let deletedByAuthor = Rejection.blocked("deleted by its author")

  // Known events
  static func superseded(by id: EventID) -> Rejection { .duplicate("superseded by \(id.short)") }
}
