// SPDX-License-Identifier: AGPL-3.0-or-later
import CSecp256k1

/// Points of secp256k1, as x-only public keys name them (BIP-340).
public enum CurvePoint {
  /// Whether some point has this x. Half of all 32 bytes are the x of none, and nobody holds the secret of those.
  public static func exists(x: Bytes32) -> Bool {
    var point = secp256k1_xonly_pubkey()
    return x.withBytePointer { secp256k1_xonly_pubkey_parse(commonsguard_secp256k1_static_context(), &point, $0) == 1 }
  }
}
