// SPDX-License-Identifier: AGPL-3.0-or-later
import CCrypto

/// Unpredictable bytes from libcrypto's generator, which the kernel seeds.
public enum RandomBytes {
  /// `count` random bytes, fit for keys and blinding.
  /// - Throws: when the generator has no entropy; there is no weaker fallback.
  public static func generate(count: Int) throws(CryptographyError) -> [UInt8] {
    guard count > 0 else { return [] }
    guard let length = Int32(exactly: count) else { throw .failed(function: "RAND_bytes") }
    var bytes = [UInt8](repeating: 0, count: count)
    guard RAND_bytes(&bytes, length) == 1 else { throw .failed(function: "RAND_bytes") }
    return bytes
  }
}
