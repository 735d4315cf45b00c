// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// The known keys of map cells (`crowdfunding.umaps`): one of 64 lowercase hex digits on a line; blank lines and `#` comments are ignored.
enum UmapFile {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// About 60,000 cells.
  static let maxBytes = 4 << 20

  static func read(_ path: String) throws(Failure) -> Set<PublicKey> {
    let bytes: [UInt8]
    do {
      bytes = try BoundedFile.read(path, maxBytes: maxBytes)
    } catch {
      throw Failure(description: "\(path) \(error.message)")
    }
    var keys: Set<PublicKey> = []
    for (index, line) in bytes.split(separator: 0x0A, omittingEmptySubsequences: false).enumerated() {
      let blanks: Set<UInt8> = [0x20, 0x09, 0x0D]
      var digits = line.prefix { $0 != UInt8(ascii: "#") }.drop { blanks.contains($0) }
      while let last = digits.last, blanks.contains(last) { digits.removeLast() }
      if digits.isEmpty { continue }
      guard let key = PublicKey(hex: String(decoding: digits, as: UTF8.self)) else {
        throw Failure(description: "\(path) line \(index + 1) is not 64 lowercase hex digits")
      }
      keys.insert(key)
    }
    return keys
  }
}
