// SPDX-License-Identifier: AGPL-3.0-or-later
import TestSupport
import Testing

@testable import Cryptography

@Suite("BIP-340 signatures")
struct SchnorrTests {
  private func verify(_ verifier: SchnorrVerifier, _ signature: [UInt8], _ digest: Bytes32, _ key: Bytes32) -> Bool {
    signature.withUnsafeBytes { bytes in bytes.baseAddress.map { verifier.verify(signature: $0, digest: digest, publicKey: key) } ?? false }
  }

  @Test("the 15 vectors are all there") func count() { #expect(BIP340Vector.all.count == 15) }

  @Test("a vector's signature verifies, or does not, as BIP-340 says", arguments: BIP340Vector.all)
  func verifies(vector: BIP340Vector) throws {
    let digest = try #require(Bytes32(vector.message))
    let key = try #require(Bytes32(vector.publicKey))
    let verifier = SchnorrVerifier(cachedKeys: 4)
    #expect(verify(verifier, vector.signature, digest, key) == vector.verifies)
    #expect(verify(verifier, vector.signature, digest, key) == vector.verifies, "with the key in the cache")
  }

  @Test("a vector's key makes the vector's signature", arguments: BIP340Vector.signing)
  func signs(vector: BIP340Vector) throws {
    let key = try SigningKey(secret: vector.secret)
    let digest = try #require(Bytes32(vector.message))
    #expect(key.publicKey.bytes == vector.publicKey)
    let random = try #require(Bytes32(vector.auxiliaryRandomness))
    #expect(try key.sign(digest, auxiliaryRandomness: random) == vector.signature)
  }

  @Test("signing twice gives the same bytes, and they verify")
  func deterministic() throws {
    let key = TestKey("alice").key
    let digest = SHA256.digest(of: Array("hello".utf8))
    let signature = try key.sign(digest)
    #expect(try key.sign(digest) == signature)
    #expect(try SigningKey(secret: TestKey("alice").secret).sign(digest) == signature)
    #expect(verify(SchnorrVerifier(cachedKeys: 1), signature, digest, key.publicKey))
  }

  @Test("a secret that is no key is refused")
  func badSecrets() {
    let order = Hex.decode("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141".utf8) ?? []
    for secret in [[], [1], [UInt8](repeating: 0, count: 32), order, [UInt8](repeating: 1, count: 33)] {
      #expect(throws: CryptographyError.notASecretKey) { try SigningKey(secret: secret) }
    }
    #expect(throws: Never.self) { try SigningKey(secret: [UInt8](repeating: 1, count: 32)) }
  }

  @Test("the key of 32 zero bytes verifies nothing, with an empty cache too")
  func zeroKey() throws {
    let verifier = SchnorrVerifier(cachedKeys: 1)
    let digest = SHA256.digest(of: [1])
    #expect(!verify(verifier, try TestKey(1).key.sign(digest), digest, .zero))
  }

  @Test("however keys evict each other from the cache, a signature verifies for its own key only", arguments: [1, 2, 3] as [UInt64])
  func eviction(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let digest = SHA256.digest(of: [7])
    let keys = (0..<40).map { TestKey($0).key }
    let signatures = try keys.map { try $0.sign(digest) }
    let verifier = SchnorrVerifier(cachedKeys: 8)
    for _ in 0..<600 {
      let (signer, claimed) = (Int.random(in: 0..<40, using: &random), Int.random(in: 0..<40, using: &random))
      #expect(verify(verifier, signatures[signer], digest, keys[claimed].publicKey) == (signer == claimed), "seed \(seed)")
      #expect(verify(verifier, signatures[signer], digest, keys[signer].publicKey), "seed \(seed)")
    }
  }
}
