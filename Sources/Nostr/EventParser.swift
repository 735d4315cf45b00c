// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography

/// Fills an `EventSlices` from the event object at a scanner's position: one pass, no heap.
struct EventParser {
  /// Whether there were keys that this pass does not compare: unknown ones, or those of objects further in.
  private(set) var mayHaveDuplicateKeys = false
  private var seen = Keys()

  private struct Keys: OptionSet {
    let rawValue: UInt8
    static let id = Keys(rawValue: 1)
    static let pubkey = Keys(rawValue: 2)
    static let createdAt = Keys(rawValue: 4)
    static let kind = Keys(rawValue: 8)
    static let tags = Keys(rawValue: 16)
    static let content = Keys(rawValue: 32)
    static let signature = Keys(rawValue: 64)
  }

  /// Goes past the object at the scanner's position (no white space before it). `slices` is filled where it stands: it is large to copy.
  mutating func parse(
    _ scanner: inout JSONScanner, into slices: inout EventSlices, requiresSignature: Bool
  ) throws(EventParseError) {
    let start = scanner.position
    guard scanner.take(0x7b) else { throw scanner.wrong(.eventNotObject) }
    if scanner.next != 0x7d {
      repeat {
        let key = try scanner.string()
        try scanner.expect(0x3a)
        try parseValue(of: recognise(key, slices.line), &scanner, &slices)
      } while scanner.take(0x2c)
      scanner.skipWhitespace()
    }
    guard scanner.next == 0x7d else { throw .notJSON }
    scanner.position += 1
    slices.raw = start..<scanner.position
    guard slices.raw.count <= Int(Int32.max) else { throw .tooLong }
    if scanner.sawObject { mayHaveDuplicateKeys = true }
    try requireAll(signature: requiresSignature)
  }

  /// The length tells most names apart, so that each is compared with one candidate.
  @inline(__always)
  private func recognise(_ key: JSONString, _ line: UnsafeRawBufferPointer) -> Keys {
    if key.hasEscapes { return recogniseEscaped(key, line) }
    let inner = key.inner
    switch inner.count {
    case 2: return line.matches(inner, "id") ? .id : []
    case 3: return line.matches(inner, "sig") ? .signature : []
    case 4: return line.matches(inner, "kind") ? .kind : line.matches(inner, "tags") ? .tags : []
    case 6: return line.matches(inner, "pubkey") ? .pubkey : []
    case 7: return line.matches(inner, "content") ? .content : []
    case 10: return line.matches(inner, "created_at") ? .createdAt : []
    default: return []
    }
  }

  @inline(never)
  private func recogniseEscaped(_ key: JSONString, _ line: UnsafeRawBufferPointer) -> Keys {
    let names: [(StaticString, Keys)] = [
      ("id", .id), ("sig", .signature), ("kind", .kind), ("tags", .tags), ("pubkey", .pubkey), ("content", .content), ("created_at", .createdAt),
    ]
    return names.first { JSONUnescaper.matches(line, key.inner, $0.0) }?.1 ?? []
  }

  @inline(__always)
  private mutating func parseValue(of key: Keys, _ scanner: inout JSONScanner, _ slices: inout EventSlices) throws(EventParseError) {
    guard !key.isEmpty else {
      mayHaveDuplicateKeys = true
      return try scanner.skipValue()
    }
    guard seen.isDisjoint(with: key) else { throw .duplicateKey }
    seen.insert(key)
    switch key {
    case .id: (slices.id, slices.idSlice) = try scanner.hex32(orThrow: .badID)
    case .pubkey: (slices.pubkey, slices.pubkeySlice) = try scanner.hex32(orThrow: .badPubkey)
    case .signature: slices.signature = try scanner.signature()
    case .createdAt: (slices.createdAt, slices.createdAtSlice) = try scanner.integer(orThrow: .badCreatedAt)
    case .kind: (slices.kind, slices.kindSlice) = try scanner.integer(orThrow: .badKind)
    case .tags:
      scanner.isCanonical = true
      slices.tagsSlice = try scanner.tags()
      slices.isCanonical = slices.isCanonical && scanner.isCanonical
    default:
      guard scanner.next == 0x22 else { throw scanner.wrong(.badContent) }
      scanner.isCanonical = true
      slices.contentSlice = try scanner.string().range
      slices.isCanonical = slices.isCanonical && scanner.isCanonical
    }
  }

  private func requireAll(signature: Bool) throws(EventParseError) {
    if !seen.contains(.id) { throw .missingID }
    if !seen.contains(.pubkey) { throw .missingPubkey }
    if !seen.contains(.createdAt) { throw .missingCreatedAt }
    if !seen.contains(.kind) { throw .missingKind }
    if !seen.contains(.tags) { throw .missingTags }
    if !seen.contains(.content) { throw .missingContent }
    if signature, !seen.contains(.signature) { throw .missingSignature }
  }
}
