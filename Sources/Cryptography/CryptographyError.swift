// SPDX-License-Identifier: AGPL-3.0-or-later

/// What can go wrong below: a C function that failed, or a key that is none.
public enum CryptographyError: Error, Equatable, Sendable, CustomStringConvertible {
  /// The named function of libcrypto or libsecp256k1 reported a failure.
  case failed(function: StaticString)
  /// The secret is not 32 bytes, or as a number it is 0 or not below the order of the curve.
  case notASecretKey
  /// The signature that was just made does not verify: a hardware fault, or worse; it is not handed out.
  case signatureDoesNotVerify

  public var description: String {
    switch self {
    case .failed(let function): "\(function) failed"
    case .notASecretKey: "not a secret key"
    case .signatureDoesNotVerify: "the signature just made does not verify"
    }
  }

  public static func == (left: CryptographyError, right: CryptographyError) -> Bool { left.description == right.description }
}
