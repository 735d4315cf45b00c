// SPDX-License-Identifier: AGPL-3.0-or-later
import CCrypto
import CSecp256k1

/// A secret key that makes BIP-340 signatures, for the Delivery side: the hot path holds none.
///
/// The keypair lives in locked memory that no core dump holds and that `deinit` wipes; what a signature leaves on the stack is wiped behind it.
/// Keep a key no longer than it is needed. Signing goes through a context of its own, blinded with fresh random bytes, so that timing and power
/// say less about the secret.
/// `@unchecked Sendable`: nothing changes after `init`, and libsecp256k1 allows signing in several threads with one unchanged context.
public final class SigningKey: @unchecked Sendable {
  /// The x-only public key.
  public let publicKey: Bytes32
  private let memory: LockedMemory
  private let keypair: UnsafeMutablePointer<secp256k1_keypair>
  private let context: OpaquePointer

  /// - Parameter secret: 32 bytes, big-endian; the caller's copy stays the caller's to wipe.
  /// - Throws: `notASecretKey`, or `failed` when there is no memory or no entropy.
  public init(secret: [UInt8]) throws(CryptographyError) {
    guard secret.count == 32 else { throw .notASecretKey }
    var blinding = try RandomBytes.generate(count: 32)
    defer { OPENSSL_cleanse(&blinding, blinding.count) }
    let memory = try LockedMemory(byteCount: MemoryLayout<secp256k1_keypair>.size)
    guard let keypair = memory.bytes.bindMemory(to: secp256k1_keypair.self).baseAddress else { throw .failed(function: "mmap") }
    guard let context = secp256k1_context_create(UInt32(SECP256K1_CONTEXT_NONE)) else { throw .failed(function: "secp256k1_context_create") }
    var isDone = false
    defer { if !isDone { secp256k1_context_destroy(context) } }
    guard secp256k1_context_randomize(context, blinding) == 1 else { throw .failed(function: "secp256k1_context_randomize") }
    let isKey = secp256k1_keypair_create(context, keypair, secret) == 1
    commonsguard_wipe_stack()
    guard isKey else { throw .notASecretKey }
    var point = secp256k1_xonly_pubkey()
    var serialized = [UInt8](repeating: 0, count: 32)
    guard
      secp256k1_keypair_xonly_pub(context, &point, nil, keypair) == 1,
      secp256k1_xonly_pubkey_serialize(context, &serialized, &point) == 1,
      let publicKey = Bytes32(serialized)
    else { throw .failed(function: "secp256k1_keypair_xonly_pub") }
    isDone = true
    self.publicKey = publicKey
    self.memory = memory
    self.keypair = keypair
    self.context = context
  }

  deinit { secp256k1_context_destroy(context) }

  /// The signature of `digest`, 64 bytes, already verified. Without auxiliary randomness, so that signing again gives the same bytes:
  /// a follow-up that is tried twice is one event.
  public func sign(_ digest: Bytes32) throws(CryptographyError) -> [UInt8] {
    try sign(digest, auxiliaryRandomness: nil)
  }

  /// As `sign(_:)`, with BIP-340's auxiliary randomness (32 bytes); the test vectors use it.
  func sign(_ digest: Bytes32, auxiliaryRandomness: Bytes32?) throws(CryptographyError) -> [UInt8] {
    var signature = [UInt8](repeating: 0, count: 64)
    let status = digest.withBytePointer { message in
      guard let auxiliaryRandomness else { return secp256k1_schnorrsig_sign32(context, &signature, message, keypair, nil) }
      return auxiliaryRandomness.withBytePointer { secp256k1_schnorrsig_sign32(context, &signature, message, keypair, $0) }
    }
    commonsguard_wipe_stack()
    guard status == 1 else { throw .failed(function: "secp256k1_schnorrsig_sign32") }
    // A fault while signing can give away the secret: only what verifies leaves.
    var point = secp256k1_xonly_pubkey()
    let verifies = digest.withBytePointer { message in
      secp256k1_keypair_xonly_pub(context, &point, nil, keypair) == 1 && secp256k1_schnorrsig_verify(context, signature, message, 32, &point) == 1
    }
    guard verifies else { throw .signatureDoesNotVerify }
    return signature
  }
}
