// SPDX-License-Identifier: AGPL-3.0-or-later
import CCrypto

/// SHA-256 (FIPS 180-4) over bytes that come in pieces. Nothing is allocated after `init`.
///
/// Not thread-safe: each thread has its own. `finish` begins the next digest.
/// Through libcrypto's low-level functions: its EVP interface allocates for each digest (see the shim).
public final class SHA256 {
  private let context: UnsafeMutablePointer<SHA256_CTX>

  /// - Throws: when libcrypto's SHA-256 does not start.
  public init() throws(CryptographyError) {
    let context = UnsafeMutablePointer<SHA256_CTX>.allocate(capacity: 1)
    context.initialize(to: SHA256_CTX())
    guard SHA256_Init(context) == 1 else {
      context.deallocate()
      throw .failed(function: "SHA256_Init")
    }
    self.context = context
  }

  deinit { context.deallocate() }

  /// Adds `bytes` to what is hashed.
  public func update(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress, !bytes.isEmpty else { return }
    Self.check(SHA256_Update(context, base, bytes.count), "SHA256_Update")
  }

  /// The digest of everything since `init` or the last `finish`.
  public func finish() -> Bytes32 {
    let digest = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { output in
      Self.check(SHA256_Final(output.baseAddress, context), "SHA256_Final")
      return output.baseAddress.map { Bytes32(unsafe: $0) } ?? .zero  // an allocation of 32 bytes has a base
    }
    Self.check(SHA256_Init(context), "SHA256_Init")
    return digest
  }

  /// The digest of `bytes`, in one go.
  public static func digest(of bytes: some Collection<UInt8>) -> Bytes32 {
    let inPlace = bytes.withContiguousStorageIfAvailable { digest(of: UnsafeRawBufferPointer($0)) }
    return inPlace ?? Array(bytes).withUnsafeBytes { digest(of: $0) }
  }

  /// The digest of bytes where they lie, in one go.
  public static func digest(of bytes: UnsafeRawBufferPointer) -> Bytes32 {
    var context = SHA256_CTX()
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { output in
      check(SHA256_Init(&context), "SHA256_Init")
      check(SHA256_Update(&context, bytes.baseAddress, bytes.count), "SHA256_Update")
      check(SHA256_Final(output.baseAddress, &context), "SHA256_Final")
      return output.baseAddress.map { Bytes32(unsafe: $0) } ?? .zero  // an allocation of 32 bytes has a base
    }
  }

  /// No input makes these calls fail, only a broken library; and then stopping (all state is crash-safe) is better than a wrong digest.
  @inline(__always)
  private static func check(_ status: Int32, _ function: StaticString) { precondition(status == 1, "\(function) failed") }
}
