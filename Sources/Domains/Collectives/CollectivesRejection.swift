// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// The reasons for which collectives refuse, in the order of the checks. Source: collectives spec, 4.3–4.8; the words up to a variable part are fixed.
enum CollectivesRejection {
  // S1–S9
  static func superseded(by id: EventID) -> Rejection { .duplicate("superseded by \(id.short)") }
  static let identifierCount = Rejection.invalid("d tag must appear once")
  static let identifierMalformed = Rejection.invalid("d tag malformed")
  static let expires = Rejection.invalid("SEC state must not expire")
  static func duplicateTag(_ name: Text) -> Rejection { .invalid("duplicate \(name) tag") }
  static func malformedTag(_ name: Text) -> Rejection { .invalid("malformed \(name) tag") }
  static let malformedBlock = Rejection.invalid("malformed bitcoin tag")
  static let implausibleHeight = Rejection.invalid("implausible block height")
  static let malformedMerit = Rejection.invalid("malformed merit tag")
  static func duplicateMerit(_ request: EventID) -> Rejection { .invalid("duplicate merit request \(request.short)") }
  static let malformedSats = Rejection.invalid("malformed sats tag")
  static func satsWithoutMerit(_ request: EventID) -> Rejection { .invalid("sats row \(request.short) has no merit") }
  static let duplicateSats = Rejection.invalid("duplicate sats row")
  static let malformedProduct = Rejection.invalid("malformed product tag")
  static let malformedZapper = Rejection.invalid("malformed lud16 tag")
  static let malformedMode = Rejection.invalid("malformed payments tag")
  // S10, S11
  static let tooManyProofs = Rejection.invalid("too many proofs")
  static let notAnEvent = Rejection.invalid("proof is not a nostr event")
  static let proofIDMismatch = Rejection.invalid("proof id mismatch")
  static let proofSignature = Rejection.invalid("proof signature")
  static let futureProof = Rejection.invalid("proof from the future")
  static func unsupportedProof(_ kind: UInt64) -> Rejection { .invalid("unsupported proof kind \(kind)") }
  static let receiptMalformed = Rejection.invalid("receipt malformed")
  static let receiptAmount = Rejection.invalid("receipt amount mismatch")
  static func unknownProof(_ id: EventID) -> Rejection { .error("proof \(id.short) unknown here") }

  // Classification, G1–G3
  static let pointersWithoutIgnition = Rejection.invalid("pointers without ignition")
  static let tooManyCollectives = Rejection.blocked("too many SECs")
  static let ignitionMints = Rejection.invalid("ignition may not mint merits")
  static let ignitionPays = Rejection.invalid("ignition may not carry payments")

  // M1–M8
  static func unknownIgnition(_ id: EventID) -> Rejection { .error("unknown ignition \(id.short)") }
  static func missingIgnition(_ id: EventID) -> Rejection { .error("missing ignition \(id.short)") }
  static let nameDiffers = Rejection.invalid("d does not match the SEC name")
  static let needsBoostpoint = Rejection.invalid("first update by a member needs a boostpoint")
  static func staleBoostpoint(_ head: EventID) -> Rejection { .invalid("boostpoint is stale, creator head is \(head.short)") }
  static let foreignBoostpoint = Rejection.invalid("boostpoint is not by the creator")
  static func unknownBoostpoint(_ id: EventID) -> Rejection { .error("unknown boostpoint \(id.short)") }
  static func missingBoostpoint(_ id: EventID) -> Rejection { .error("missing boostpoint \(id.short)") }
  static let previousOnFirst = Rejection.invalid("previous must be absent on the first update")
  static let noVotepower = Rejection.restricted("votepower is 0")
  static let notAfterBoostpoint = Rejection.invalid("created_at must be after the boostpoint")
  static let heightBackwards = Rejection.invalid("bitcoin height went backwards")

  // R1–R8
  static let needsIgnition = Rejection.invalid("replacement needs the ignition id")
  static func otherCollective(_ id: EventID) -> Rejection { .invalid("slot already belongs to SEC \(id.short)") }
  static let needsPrevious = Rejection.invalid("replacement needs a previous pointer")
  static func stalePrevious(_ head: EventID) -> Rejection { .invalid("previous is stale, head is \(head.short)") }
  static let foreignPrevious = Rejection.invalid("previous belongs to another pubkey")
  static func unknownPrevious(_ id: EventID) -> Rejection { .error("unknown previous \(id.short)") }
  static func missingPrevious(_ id: EventID) -> Rejection { .error("missing previous \(id.short)") }
  static let notAfterPrevious = Rejection.invalid("created_at must be after the previous update")
  static let creatorBoosts = Rejection.invalid("creator cannot boost")
  static let hashConflict = Rejection.invalid("bitcoin hash conflict")
  static let unknownBlock = Rejection.invalid("unknown bitcoin block")

  // D1–D12
  static func meritRemoved(_ request: EventID) -> Rejection { .invalid("merit \(request.short) removed") }
  static func notApproved(_ request: EventID) -> Rejection { .invalid("merit \(request.short) has no approved request") }
  static func differsFromRequest(_ request: EventID) -> Rejection { .invalid("merit \(request.short) owner or amount differs from the request") }
  static let newWithLeadtime = Rejection.invalid("new merit must have leadtime 0")
  static func amountChanged(_ request: EventID) -> Rejection { .invalid("merit \(request.short) amount changed") }
  static func locked(_ request: EventID) -> Rejection { .invalid("merit \(request.short) is locked") }
  static func changedTwice(_ request: EventID) -> Rejection { .invalid("merit \(request.short) changed twice") }
  static func transferUnproven(_ request: EventID) -> Rejection { .invalid("merit \(request.short) transfer without proof") }
  static let proofUsed = Rejection.invalid("proof already used")
  static let leadtimeStep = Rejection.invalid("leadtime step must be 1")
  static let leadtimeNeedsBlock = Rejection.invalid("bitcoin tag required to change leadtime")
  static let leadtimeTooSoon = Rejection.invalid("leadtime changed less than 2016 blocks ago")
  static let leadtimeUnsigned = Rejection.invalid("leadtime change not signed by the owner")
  static let leadtimeHeight = Rejection.invalid("leadtime height mismatch")
  static let satsUnproven = Rejection.invalid("sats changed without a zap receipt")
  static func satsDiffer(_ declared: MeritRow, _ expected: MeritRow) -> Rejection {
    .invalid("sats row \(declared.request.short) is \(declared.outstanding)/\(declared.paid), expected \(expected.outstanding)/\(expected.paid)")
  }
  static func satsTotalDiffers(_ declared: UInt64, _ expected: UInt64) -> Rejection { .invalid("sats total is \(declared), expected \(expected)") }
  static let receiptUnauthorised = Rejection.invalid("receipt signer is not authorised")
  static let receiptPayee = Rejection.invalid("receipt payee holds no merits")
  static let receiptUnrelated = Rejection.invalid("receipt unrelated to this SEC")
  static let payoutTooBig = Rejection.invalid("payout exceeds outstanding")
  static let purchaseRemoved = Rejection.invalid("purchase removed")
  static let purchaseUnproven = Rejection.invalid("purchase without receipt")
  static let purchaseUnderpaid = Rejection.invalid("purchase underpaid")
  static let soldOut = Rejection.invalid("product sold out")
  static let notOnSale = Rejection.invalid("product not on sale yet")
  static let foreignProduct = Rejection.restricted("only the creator may change products")

  // Deletions, satellites
  static let undeletable = Rejection.blocked("SEC history cannot be deleted")
  static let undeletableProof = Rejection.blocked("a proof cannot be deleted")
  static let deletedByAuthor = Rejection.blocked("deleted by its author")
  static func missingCollective(of creator: PublicKey) -> Rejection { .error("missing ignition of \(creator.short)") }
  static let malformedSatellite = Rejection.invalid("malformed satellite")
  static let publishedApproval = Rejection.blocked("approval proofs are not published")
}
