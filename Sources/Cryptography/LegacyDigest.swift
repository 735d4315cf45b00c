// SPDX-License-Identifier: AGPL-3.0-or-later
import CCrypto

/// Digests that old formats use and nothing new should: SHA-1 and RIPEMD-160, as OpenTimestamps proofs may hold them.
public enum LegacyDigest {
  /// 20 bytes; nil where libcrypto does not offer it.
  public static func sha1(of bytes: [UInt8]) -> [UInt8]? { digest("SHA1", bytes) }

  /// 20 bytes; nil where libcrypto does not offer it (before OpenSSL 3.0.7 only its legacy provider had it).
  public static func ripemd160(of bytes: [UInt8]) -> [UInt8]? { digest("RIPEMD160", bytes) }

  private static func digest(_ name: String, _ bytes: [UInt8]) -> [UInt8]? {
    guard let algorithm = EVP_MD_fetch(nil, name, nil) else {
      // The failure is this function's answer: it must not be found later by somebody who asks libcrypto what went wrong.
      ERR_clear_error()
      return nil
    }
    defer { EVP_MD_free(algorithm) }
    var output = [UInt8](repeating: 0, count: 20)
    var count: UInt32 = 0
    guard EVP_MD_get_size(algorithm) == 20, EVP_Digest(bytes, bytes.count, &output, &count, algorithm, nil) == 1, count == 20 else { return nil }
    return output
  }
}
