// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// A zap receipt (NIP-57, kind 9735) that is consistent in itself (4.8). It proves no payment: the trust is in its signer.
struct Receipt: Sendable {
  let id: EventID
  let createdAt: UInt64
  let signer: PublicKey
  /// Who was paid: the one `p` of receipt and request.
  let payee: PublicKey
  /// Who wrote the zap request.
  let sender: PublicKey
  let millisatoshi: UInt64
  /// The events that the request points at, by `request` or `e`.
  let requestedEvents: [EventID]
  private let receiptTags: TagList
  private let requestTags: TagList

  /// Rounded down; at least 1.
  var sats: UInt64 { millisatoshi / 1000 }

  static let requestKind: UInt64 = 9734

  /// - Parameter event: verified.
  /// Throws a `Rejection`.
  init(_ event: Event, _ verifier: EventVerifier) throws {
    guard let description = Self.only("description", event.tags), description.count <= ProofSet.maxBytes else { throw CollectivesRejection.receiptMalformed }
    let bytes = Array(description.bytes)
    guard let request = try? Event(parsing: bytes), SevenFields.hold(bytes), request.kind == Self.requestKind,
      (try? verifier.verify(request)) != nil
    else { throw CollectivesRejection.receiptMalformed }
    guard let payee = Self.only("p", event.tags).flatMap({ PublicKey(hex: $0) }),
      Self.only("p", request.tags).flatMap({ PublicKey(hex: $0) }) == payee
    else { throw CollectivesRejection.receiptMalformed }
    guard case .millisatoshi(let amount)? = Self.only("bolt11", event.tags).flatMap({ Bolt11($0) }), amount >= 1000,
      amount / 1000 <= MeritRow.maxSats
    else { throw CollectivesRejection.receiptMalformed }
    if let asked = request.tags.first(named: "amount") {
      guard request.tags.count(named: "amount") == 1, let number = asked[1]?.decimal else { throw CollectivesRejection.receiptMalformed }
      guard number == amount else { throw CollectivesRejection.receiptAmount }
    }
    id = event.id
    createdAt = event.createdAt
    signer = event.pubkey
    self.payee = payee
    sender = request.pubkey
    millisatoshi = amount
    receiptTags = event.tags
    requestTags = request.tags
    requestedEvents = request.tags.compactMap { tag in
      tag.isNamed("request") || tag.isNamed("e") ? tag[1].flatMap { EventID(hex: $0) } : nil
    }
  }

  private static func only(_ name: StaticString, _ tags: TagList) -> Text? {
    let found = tags.all(named: name)
    return found.count == 1 ? found[0][1] : nil
  }

  /// Whether receipt or request name an address.
  func names(_ address: Text) -> Bool {
    receiptTags.contains { $0.name == "a" && $0[1] == address } || requestTags.contains { $0.name == "a" && $0[1] == address }
  }

  /// Whether receipt or request name any address.
  var namesAnyAddress: Bool { receiptTags.first(named: "a") != nil || requestTags.first(named: "a") != nil }

  /// The products that receipt or request name, by `product` (its id, or the whole offer) or `e`.
  var products: [EventID] {
    var ids: [EventID] = []
    for tags in [receiptTags, requestTags] {
      for tag in tags where tag.name == "product" || tag.name == "e" {
        if let id = tag[1]?.fields.first.flatMap({ EventID(hex: $0) }) { ids.append(id) }
      }
    }
    return ids
  }
}
