// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// A product that a collective sells, and who bought it (S8).
public struct Product: Hashable, Sendable {
  public struct Purchase: Hashable, Sendable {
    /// The zap receipt.
    public let receipt: EventID
    public let buyer: PublicKey
    public let height: UInt32
  }

  /// 32 bytes, mostly the id of the event that describes it.
  public let id: EventID
  /// In sats, or millisatoshi where the operator says so.
  public let price: UInt64
  /// Unix seconds from which it is sold.
  public let start: UInt64
  /// How often it is sold; 0 = without end.
  public let maximum: UInt64
  /// In the order in which they were added.
  public var purchases: [Purchase]

  static let maxPurchases = 10_000

  /// The same offer, whoever bought it.
  func isListed(like other: Product) -> Bool { id == other.id && price == other.price && start == other.start && maximum == other.maximum }

  /// `["product","id:price:startUnix:max",relay,"[\"zapId:buyer:height\",…]"]`; tags of another shape are soft. Throws a `Rejection`.
  static func parse(_ tags: [Tag]) throws -> [Product] {
    var products: [Product] = []
    var ids: Set<EventID> = []
    var receipts: Set<EventID> = []
    for tag in tags where tag.name == "product" {
      guard let fields = tag[1]?.fields, fields.count > 1, let id = EventID(hex: fields[0]) else { continue }
      guard fields.count == 4, let price = amount(fields[1]), let start = amount(fields[2]), let maximum = amount(fields[3]),
        ids.insert(id).inserted
      else { throw CollectivesRejection.malformedProduct }
      var purchases: [Purchase] = []
      if tag.count > 3 {
        guard let text = tag[3] else { throw CollectivesRejection.malformedProduct }
        if !text.isEmpty {
          guard case .array(let entries) = JSONValue(parsing: text, depthLimit: 1), entries.count + receipts.count <= maxPurchases else {
            throw CollectivesRejection.malformedProduct
          }
          for entry in entries {
            guard let purchase = entry.text.flatMap(Purchase.init), receipts.insert(purchase.receipt).inserted else {
              throw CollectivesRejection.malformedProduct
            }
            purchases.append(purchase)
          }
        }
      }
      products.append(Product(id: id, price: price, start: start, maximum: maximum, purchases: purchases))
    }
    return products
  }

  /// A canonical decimal; what the deployed code writes for nothing counts as 0.
  private static func amount(_ text: Text) -> UInt64? {
    if text.isEmpty || text == "undefined" || text == "NaN" { return 0 }
    return text.decimal
  }
}

extension Product.Purchase {
  /// `zapId:buyer:height`.
  init?(_ text: Text) {
    let fields = text.fields
    guard fields.count == 3, let receipt = EventID(hex: fields[0]), let buyer = PublicKey(hex: fields[1]), let height = fields[2].decimal,
      height <= 999_999_999
    else { return nil }
    self.init(receipt: receipt, buyer: buyer, height: UInt32(truncatingIfNeeded: height))
  }

  var text: String { "\(receipt.hex):\(buyer.hex):\(height)" }
}
