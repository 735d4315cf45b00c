// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

/// A kind 31108 whose shape is right: S2–S11, without the state.
public struct CollectiveUpdate: Sendable {
  /// What `ignition` and `previous` point at.
  enum Pointer: Hashable, Sendable {
    case this
    case event(EventID)
  }

  let event: VerifiedEvent
  let name: Text
  let ignition: Pointer?
  let previous: Pointer?
  let boostpoint: EventID?
  let block: BlockStamp?
  /// As declared, by request; `leadtimeHeight` is what the deployed dialect says, else 0.
  let rows: [MeritRow]
  /// The rows say the heights of their last leadtime changes (D7).
  let hasHeights: Bool
  let products: [Product]
  /// nil when the event names no address for payments.
  let zappers: [PublicKey]?
  let mode: PaymentMode
  let proofs: ProofSet
  let stateHash: Bytes32

  var id: EventID { event.id }
  var pubkey: PublicKey { event.pubkey }
  var createdAt: UInt64 { event.createdAt }

  /// It points at nothing, or at itself.
  var isIgnition: Bool {
    func isOwn(_ pointer: Pointer?) -> Bool { pointer == nil || pointer == .this }
    return isOwn(ignition) && isOwn(previous) && boostpoint == nil
  }

  /// The checks in the spec's order. Throws a `Rejection`.
  init(parsing event: VerifiedEvent, options: CollectivesOptions, trace: CheckTrace?) throws {
    self.event = event
    var rowTags: [Tag] = []
    // A collective may have two thousand rows' tags: they are gone through once.
    let tags = event.tags.filter { tag in
      let name = tag.name
      let isRow = name == "merit" || name == "sats"
      if isRow { rowTags.append(tag) }
      return !isRow
    }
    trace?.enter("S2")
    name = try Self.name(tags, options)
    trace?.enter("S3")
    if tags.contains(where: { $0.name == "expiration" }) { throw CollectivesRejection.expires }
    trace?.enter("S4")
    var pointers = PointerTags()
    try pointers.read(tags)
    ignition = pointers.ignition
    previous = pointers.previous
    boostpoint = pointers.boostpoint
    trace?.enter("S5")
    block = try BlockStamp(parsing: tags, createdAt: event.createdAt)
    let merits = try MeritTags(parsing: rowTags, trace: trace)
    rows = merits.rows
    hasHeights = merits.hasHeights
    trace?.enter("S8")
    products = try Product.parse(tags)
    trace?.enter("S9")
    zappers = try ZapperTag.parse(tags)
    mode = try PaymentMode.parse(tags)
    proofs = try ProofReader.read(tags, createdAt: event.createdAt, options, trace: trace)
    stateHash = StateHash.of(rows)
  }

  /// S2: the one `d`, fit to stand in an address.
  private static func name(_ tags: [Tag], _ options: CollectivesOptions) throws -> Text {
    let names = tags.filter { $0.name == "d" }
    guard names.count == 1, let name = names[0][1] else { throw CollectivesRejection.identifierCount }
    let isPlain = !name.bytes.contains { $0 < 0x20 || $0 == 0x7f || $0 == UInt8(ascii: ":") } && !name.hasC1Control
    guard (1...64).contains(name.count), isPlain, options.dRegex?.matches(name) ?? true else { throw CollectivesRejection.identifierMalformed }
    return name
  }
}

/// The three pointers of an update, under the names of either dialect (S4).
private struct PointerTags {
  var ignition: CollectiveUpdate.Pointer?
  var previous: CollectiveUpdate.Pointer?
  var boostpoint: EventID?

  mutating func read(_ tags: [Tag]) throws {
    for tag in tags {
      let name = tag.name
      if name == "ignition" {
        guard ignition == nil else { throw CollectivesRejection.duplicateTag(name) }
        ignition = try pointer(tag)
      } else if name == "previous" || name == "parent" {
        guard previous == nil else { throw CollectivesRejection.duplicateTag(name) }
        previous = try pointer(tag)
      } else if name == "boostpoint" || name == "shadow" {
        guard boostpoint == nil else { throw CollectivesRejection.duplicateTag(name) }
        guard let id = tag[1].flatMap({ EventID(hex: $0) }) else { throw CollectivesRejection.malformedTag(name) }
        boostpoint = id
      }
    }
  }

  private func pointer(_ tag: Tag) throws -> CollectiveUpdate.Pointer {
    guard let value = tag[1] else { throw CollectivesRejection.malformedTag(tag.name) }
    if value == "this" { return .this }
    guard let id = EventID(hex: value) else { throw CollectivesRejection.malformedTag(tag.name) }
    return .event(id)
  }
}

extension Text {
  /// U+0080–U+009F, two bytes in UTF-8.
  fileprivate var hasC1Control: Bool {
    var before: UInt8 = 0
    for byte in bytes {
      if before == 0xc2, byte < 0xa0 { return true }
      before = byte
    }
    return false
  }
}
