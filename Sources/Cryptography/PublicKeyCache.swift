// SPDX-License-Identifier: AGPL-3.0-or-later
import CSecp256k1

/// Parsed x-only public keys by their 32 bytes, because decompressing a point costs 3.8 µs, an eighth of a verification.
///
/// Four-way set-associative, allocated once: a lookup looks at four entries, an insertion overwrites the oldest of the set.
/// Whoever floods it with keys costs others at most that decompression.
/// ```
/// set i:  keys[4i … 4i+3]   parsed[4i … 4i+3]   inserted[i]: how many came, counted to 7 and back to 4
/// ```
struct PublicKeyCache: ~Copyable {
  private static let ways = 4
  private let keys: UnsafeMutablePointer<Bytes32>
  private let parsed: UnsafeMutablePointer<secp256k1_xonly_pubkey>
  private let inserted: UnsafeMutablePointer<UInt8>
  private let setMask: Int

  /// Holds at least `capacity` keys (at most 2²⁴), rounded up to four times a power of two.
  init(capacity: Int) {
    var sets = 1
    while sets * Self.ways < min(capacity, 1 << 24) { sets *= 2 }
    setMask = sets - 1
    keys = .allocate(capacity: sets * Self.ways)
    keys.initialize(repeating: .zero, count: sets * Self.ways)
    parsed = .allocate(capacity: sets * Self.ways)
    parsed.initialize(repeating: secp256k1_xonly_pubkey(), count: sets * Self.ways)
    inserted = .allocate(capacity: sets)
    inserted.initialize(repeating: 0, count: sets)
  }

  deinit {
    keys.deallocate()  // trivial types: nothing to deinitialise
    parsed.deallocate()
    inserted.deallocate()
  }

  /// The parsed form of `key`, from the cache or parsed now and kept; nil when `key` is no point of the curve (those are not kept).
  /// The pointer is good until the next call.
  func lookUp(_ key: Bytes32, context: OpaquePointer) -> UnsafePointer<secp256k1_xonly_pubkey>? {
    let set = Int(truncatingIfNeeded: key.tail) & setMask
    let first = set * Self.ways
    // Ways that were never filled are not looked at: their zero bytes would be a hit for the key of 32 zero bytes.
    for entry in first..<first + min(Int(inserted[set]), Self.ways) where keys[entry] == key { return UnsafePointer(parsed + entry) }

    var point = secp256k1_xonly_pubkey()
    let isPoint = key.withBytePointer { secp256k1_xonly_pubkey_parse(context, &point, $0) == 1 }
    guard isPoint else { return nil }
    let entry = first + Int(inserted[set]) % Self.ways
    keys[entry] = key
    parsed[entry] = point
    inserted[set] = inserted[set] == 7 ? 4 : inserted[set] + 1
    return UnsafePointer(parsed + entry)
  }
}
