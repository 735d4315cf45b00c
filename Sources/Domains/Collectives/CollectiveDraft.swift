// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// An author's next update, with the merit and sats rows that follow from the evidence given (4.10). Made by the functions that judge it.
public struct CollectiveDraft {
  /// Why there is no draft, in words for its author.
  public struct Failure: Error, Sendable, CustomStringConvertible {
    public let description: String
  }

  public struct Order: Sendable {
    public var collective: EventID
    /// nil: the creator.
    public var author: PublicKey?
    /// Stand on the creator's head: a member's first event, or one that follows the creator again.
    public var isMember = false
    /// Events as JSON: requests, votes, transfers, receipts…
    public var evidence: [[UInt8]] = []
    public var block: BlockStamp?
    /// Unix seconds; later when the chain's head is.
    public var createdAt: UInt64

    public init(collective: EventID, createdAt: UInt64) {
      self.collective = collective
      self.createdAt = createdAt
    }
  }

  private let order: Order
  private let validator: CollectivesValidator
  private let ignition: IgnitionRecord
  private let author: PublicKey
  private let previous: UpdateRecord?
  private let boosted: UpdateRecord?
  private let base: HardState

  /// The draft, unsigned. Throws a `Failure`, a `Rejection` of the evidence, and faults.
  public static func make(
    _ order: Order, _ options: CollectivesOptions, reading state: borrowing some StateReader & ~Copyable
  ) throws -> UnsignedEvent {
    try CollectiveDraft(order, options, reading: state).event(reading: state)
  }

  private init(_ order: Order, _ options: CollectivesOptions, reading state: borrowing some StateReader & ~Copyable) throws {
    guard let ignition = try IgnitionRecord.read(order.collective, state), let canonical = try UpdateRecord.head(ignition.id, ignition.creator, state)
    else { throw Failure(description: "there is no collective \(order.collective.short)") }
    let author = order.author ?? ignition.creator
    let own = try UpdateRecord.head(ignition.id, author, state)
    if order.isMember, author == ignition.creator {
      throw Failure(description: "the creator is no member: leave out --member, or say who the author is")
    }
    if own == nil, !order.isMember { throw Failure(description: "\(author.short) has no event in this collective yet: use --member") }
    self.order = order
    self.ignition = ignition
    self.author = author
    validator = CollectivesValidator(options: options)
    previous = own
    boosted = order.isMember ? canonical : nil
    base = try HardState.read((boosted ?? own ?? canonical).id, state)
    guard author == ignition.creator || base.hasVotepower(author) else {
      throw Failure(description: "\(author.short) has no votepower in the state that the draft would stand on")
    }
  }

  private func event(reading state: borrowing some StateReader & ~Copyable) throws -> UnsignedEvent {
    let newest = max(previous?.createdAt ?? 0, boosted?.createdAt ?? 0)
    let createdAt = max(order.createdAt, newest == .max ? newest : newest + 1)
    try checkBlock(at: createdAt, reading: state)
    let terms = validator.terms(ignition, author)
    let proofs = try ProofReader.read(order.evidence, createdAt: createdAt, validator.options)
    let boost = boosted.map { UpdateRecord.Boost(id: $0.id, number: $0.number) } ?? previous?.boost
    let evidence = try validator.evidence(proofs, in: ignition, after: previous, boost: boost, reading: state)
    let rows = try DraftRows(base, evidence, terms, order.block).rows()

    var tags = [["d", ignition.name.string], ["ignition", ignition.id.hex]]
    if let previous { tags.append(["previous", previous.id.hex]) }
    if let boosted { tags.append(["boostpoint", boosted.id.hex]) }
    if let block = order.block { tags.append(["bitcoin", block.text]) }
    for row in rows {
      tags.append(["merit", "owner:\(row.owner.hex)", "req:\(row.request.hex)", "lt:\(row.leadtime)", "amt:\(row.amount)"])
    }
    for row in rows where row.outstanding > 0 || row.paid > 0 {
      tags.append(["sats", row.request.hex, String(row.outstanding), String(row.paid)])
    }
    tags += try kept((boosted ?? previous)?.id, reading: state) { $0 == "product" }
    tags += try kept(previous?.id, reading: state) { $0 != "product" }
    tags += order.evidence.map { ["proof", String(decoding: $0, as: UTF8.self)] }
    do {
      return try UnsignedEvent(pubkey: author, createdAt: createdAt, kind: CollectivesOptions.updateKind, tags: tags, content: "")
    } catch {
      throw Failure(description: "the draft would hold control characters")
    }
  }

  /// S5, M8 and R7, as the relay will ask.
  private func checkBlock(at createdAt: UInt64, reading state: borrowing some StateReader & ~Copyable) throws {
    guard let block = order.block else { return }
    guard block.isPlausible(at: createdAt) else { throw CollectivesRejection.implausibleHeight }
    var known: ChainHeight?
    if let previous { known = try ChainHeight(of: previous, reading: state) }
    if let boosted { known = ChainHeight.highest(known, try ChainHeight(of: boosted, reading: state)) }
    try validator.checkHeight(block, at: createdAt, after: known, isPaced: previous != nil)
  }

  /// The names that a draft writes itself.
  private static let written: [StaticString] = [
    "d", "ignition", "previous", "parent", "boostpoint", "shadow", "bitcoin", "merit", "sats", "proof", "proof_full", "proof_id", "proof_raw",
  ]

  /// The tags of an earlier event that stay as they are.
  private func kept(
    _ id: EventID?, reading state: borrowing some StateReader & ~Copyable, where belongs: (Text) -> Bool
  ) throws -> [[String]] {
    guard let id, let raw = try state.raw(id), let event = try? Event(parsing: raw) else { return [] }
    return event.tags.filter { tag in belongs(tag.name) && !Self.written.contains { tag.name == $0 } }
      .map { tag in (0..<tag.count).map { tag[$0]?.string ?? "" } }
  }
}
