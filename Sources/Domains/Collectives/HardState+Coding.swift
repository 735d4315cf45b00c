// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

// version 1 · mode 1 · state hash 32 · rows n × 96 behind their number (4) ·
// products n: id 32 · price 8 · start 8 · max 8 · purchases n: receipt 32 · buyer 32 · height 4 · zappers n × 32
// a row: request 32 · owner 32 · amount 8 · outstanding 8 · paid 8 · leadtime 4 · leadtime height 4
extension HardState {
  private static let recordVersion: UInt8 = 1
  private static let rowBytes = 96

  var encoded: [UInt8] {
    var writer = RecordWriter(capacity: 64 + rows.count * Self.rowBytes + products.count * 64)
    writer.put(Self.recordVersion)
    writer.put(mode.rawValue)
    writer.put(stateHash)
    writer.put(UInt32(truncatingIfNeeded: rows.count))
    writer.put(fixed: Self.encoded(rows))
    writer.put(UInt32(truncatingIfNeeded: products.count))
    for product in products {
      writer.put(product.id)
      writer.put(product.price)
      writer.put(product.start)
      writer.put(product.maximum)
      writer.put(UInt32(truncatingIfNeeded: product.purchases.count))
      for purchase in product.purchases {
        writer.put(purchase.receipt)
        writer.put(purchase.buyer)
        writer.put(purchase.height)
      }
    }
    writer.put(UInt32(truncatingIfNeeded: zappers.count))
    for zapper in zappers { writer.put(zapper) }
    return writer.bytes
  }

  init(decoding bytes: [UInt8]) throws {
    let table = CollectivesState.states
    var reader = RecordReader(bytes, of: table)
    try reader.version(Self.recordVersion)
    guard let mode = PaymentMode(rawValue: try reader.uint8()) else { throw Fault.corrupt(table, "unknown mode") }
    let stateHash = try reader.bytes32()
    let rowCount = Int(try reader.uint32())
    guard rowCount <= MeritRow.maxRows else { throw Fault.corrupt(table, "too many rows") }
    let rows = try Self.rows(reader.fixed(rowCount * Self.rowBytes), count: rowCount)
    var products: [Product] = []
    for _ in 0..<(try reader.uint32()) {
      let (id, price, start, maximum) = (try reader.eventID(), try reader.uint64(), try reader.uint64(), try reader.uint64())
      var purchases: [Product.Purchase] = []
      for _ in 0..<(try reader.uint32()) {
        purchases.append(.init(receipt: try reader.eventID(), buyer: try reader.publicKey(), height: try reader.uint32()))
      }
      products.append(Product(id: id, price: price, start: start, maximum: maximum, purchases: purchases))
    }
    var zappers: [PublicKey] = []
    for _ in 0..<(try reader.uint32()) { zappers.append(try reader.publicKey()) }
    self.init(rows: rows, products: products, zappers: zappers, mode: mode, stateHash: stateHash)
  }

  /// How many rows a record has.
  static func rowCount(_ bytes: [UInt8]) throws -> Int {
    var reader = RecordReader(bytes, of: CollectivesState.states)
    try reader.version(recordVersion)
    _ = try reader.uint8()
    _ = try reader.bytes32()
    return Int(try reader.uint32())
  }

  private static func encoded(_ rows: [MeritRow]) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: rows.count * rowBytes) { buffer, count in
      guard let base = UnsafeMutableRawPointer(buffer.baseAddress) else { return }
      for (index, row) in rows.enumerated() {
        let place = base + index * rowBytes
        row.request.value.withUnsafeBytes { bytes in if let from = bytes.baseAddress { place.copyMemory(from: from, byteCount: 32) } }
        row.owner.value.withUnsafeBytes { bytes in if let from = bytes.baseAddress { (place + 32).copyMemory(from: from, byteCount: 32) } }
        place.storeBytes(of: row.amount.bigEndian, toByteOffset: 64, as: UInt64.self)
        place.storeBytes(of: row.outstanding.bigEndian, toByteOffset: 72, as: UInt64.self)
        place.storeBytes(of: row.paid.bigEndian, toByteOffset: 80, as: UInt64.self)
        place.storeBytes(of: row.leadtime.bigEndian, toByteOffset: 88, as: UInt32.self)
        place.storeBytes(of: row.leadtimeHeight.bigEndian, toByteOffset: 92, as: UInt32.self)
      }
      count = rows.count * rowBytes
    }
  }

  /// A collective may have a thousand rows: they are loaded where they lie.
  private static func rows(_ bytes: ArraySlice<UInt8>, count: Int) -> [MeritRow] {
    bytes.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress, buffer.count == count * rowBytes else { return [] }
      return (0..<count).map { index in
        let row = base + index * rowBytes
        var decoded = MeritRow(
          request: EventID(Bytes32(unsafe: row)), owner: PublicKey(Bytes32(unsafe: row + 32)),
          leadtime: UInt32(bigEndian: row.loadUnaligned(fromByteOffset: 88, as: UInt32.self)),
          amount: UInt64(bigEndian: row.loadUnaligned(fromByteOffset: 64, as: UInt64.self)),
          leadtimeHeight: UInt32(bigEndian: row.loadUnaligned(fromByteOffset: 92, as: UInt32.self)))
        decoded.outstanding = UInt64(bigEndian: row.loadUnaligned(fromByteOffset: 72, as: UInt64.self))
        decoded.paid = UInt64(bigEndian: row.loadUnaligned(fromByteOffset: 80, as: UInt64.self))
        return decoded
      }
    }
  }
}
