// SPDX-License-Identifier: AGPL-3.0-or-later
import CSecp256k1

/// Verifies BIP-340 signatures, with a bounded cache of parsed public keys. No heap after `init`.
///
/// Not thread-safe because of the cache: each thread has its own.
public final class SchnorrVerifier {
  private let context: OpaquePointer
  private let cache: PublicKeyCache

  /// - Parameter cachedKeys: how many parsed keys to keep, about 96 bytes each.
  public init(cachedKeys: Int = 4096) {
    // Verification needs no secret, so libsecp256k1's built-in context does, and there is nothing to free.
    context = commonsguard_secp256k1_static_context()
    cache = PublicKeyCache(capacity: cachedKeys)
  }

  /// Whether the 64 bytes at `signature` sign `digest` under the x-only `publicKey` (BIP-340).
  /// The caller answers for the 64 bytes being readable. A key that is no point of the curve verifies nothing.
  public func verify(signature: UnsafeRawPointer, digest: Bytes32, publicKey: Bytes32) -> Bool {
    guard let key = cache.lookUp(publicKey, context: context) else { return false }
    return digest.withBytePointer { message in
      secp256k1_schnorrsig_verify(context, signature.assumingMemoryBound(to: UInt8.self), message, 32, key) == 1
    }
  }
}
