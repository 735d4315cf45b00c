// SPDX-License-Identifier: AGPL-3.0-or-later
import TestSupport
import Testing

@testable import Cryptography

@Suite("SHA-256")
struct SHA256Tests {
  @Test(
    "the vectors of FIPS 180-4",
    arguments: [
      ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
      ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
      ("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"),
    ])
  func vectors(text: String, hex: String) throws {
    #expect(SHA256.digest(of: Array(text.utf8)).hex == hex)
    let hasher = try SHA256()
    Array(text.utf8).withUnsafeBytes { hasher.update($0) }
    #expect(hasher.finish().hex == hex)
  }

  @Test("a million times the letter a")
  func million() {
    let digest = SHA256.digest(of: [UInt8](repeating: 0x61, count: 1_000_000))
    #expect(digest.hex == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
  }

  @Test("pieces give what the whole gives, and a hasher begins anew after finish", arguments: [1, 2] as [UInt64])
  func pieces(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let hasher = try SHA256()
    for _ in 0..<50 {
      let bytes = (0..<Int.random(in: 0..<300, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      let cut = Int.random(in: 0...bytes.count, using: &random)
      bytes[..<cut].withUnsafeBytes { hasher.update($0) }
      bytes[cut...].withUnsafeBytes { hasher.update($0) }
      #expect(hasher.finish() == SHA256.digest(of: bytes), "seed \(seed)")
    }
  }
}
