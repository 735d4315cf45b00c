// SPDX-License-Identifier: AGPL-3.0-or-later
import FoundationEssentials
import Glibc

/// The node's secret key on disk: one line, `nsec1…` or 64 lowercase hex digits, readable by its owner alone.
public enum SecretKeyFile {
  /// Why a key cannot be used. Never holds the file's content.
  public struct Failure: Error, Sendable, Equatable, CustomStringConvertible {
    public let path: String
    public let message: String

    public var description: String { "\(path): \(message)" }
  }

  private static let maxBytes = 512

  /// Reads the 32 bytes of the secret. The caller hands them to `SigningKey` and keeps no copy.
  ///
  /// - Throws: `Failure` when the file is missing, is no regular file, is owned by another user than this one and root,
  ///   lets anyone but its owner in (mode beyond 0700), or does not hold a key. Whether the number is a valid secret is `SigningKey`'s to say.
  /// - Parameter user: who is to read it; another one than this process's for a check on somebody's behalf.
  public static func read(_ path: String, as user: UInt32 = geteuid()) throws(Failure) -> [UInt8] {
    var text: [UInt8]
    do {
      text = try BoundedFile.read(path, maxBytes: maxBytes, checking: { problem(with: $0, owner: user) })
    } catch {
      throw Failure(path: path, message: error.message)
    }
    defer { text.withUnsafeMutableBytes { if let base = $0.baseAddress { explicit_bzero(base, $0.count) } } }
    guard let secret = decode(&text) else {
      throw Failure(path: path, message: "does not hold a secret key: one line, nsec1… or 64 lowercase hex digits")
    }
    return secret
  }

  /// What is wrong with the permissions of the file at `path`; nil when they are right or there is no such file.
  /// The owner is not looked at: the plugin may run as another user than the worker that signs.
  static func permissionProblem(_ path: String) -> String? {
    var facts = stat()
    guard stat(path, &facts) == 0 else { return nil }
    return problem(with: facts, owner: nil)
  }

  private static func problem(with facts: stat, owner: UInt32?) -> String? {
    if facts.st_mode & 0o077 != 0 {
      let mode = String(facts.st_mode & 0o777, radix: 8)
      return "may be read or changed by other users (mode 0\(mode)); run chmod 600 on it"
    }
    if let owner, facts.st_uid != owner, facts.st_uid != 0 { return "belongs to another user (uid \(facts.st_uid))" }
    return nil
  }

  /// Works in place: the result is the only copy that the caller's wiping of the text leaves.
  private static func decode(_ text: inout [UInt8]) -> [UInt8]? {
    let blanks: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
    var (first, end) = (text.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0, text.count)
    while first < end, blanks.contains(text[first]) { first += 1 }
    while first < end, blanks.contains(text[end - 1]) { end -= 1 }
    let count = end - first
    for index in 0..<count { text[index] = text[first + index] }
    text.withUnsafeMutableBytes { if let base = $0.baseAddress { explicit_bzero(base + count, $0.count - count) } }
    text.removeLast(text.count - count)
    if text.starts(with: "nsec1".utf8) || text.starts(with: "NSEC1".utf8) {
      let bytes = Bech32.decode(hrp: "nsec", wiping: &text)
      return bytes?.count == 32 ? bytes : nil
    }
    guard text.count == 64 else { return nil }
    for index in text.indices {
      switch text[index] {
      case 0x30...0x39: text[index] -= 0x30
      case 0x61...0x66: text[index] -= 0x61 - 10
      default: return nil
      }
    }
    return (0..<32).map { text[2 * $0] << 4 | text[2 * $0 + 1] }
  }
}

extension Configuration {
  /// What is wrong with the permissions of the key file, where something is delivered; nil when nothing is, or when there is no such file yet.
  ///
  /// Not an error of the configuration: the plugin judges without the key, and its worker holds what it cannot sign. For `check-config`.
  public var keyFileProblem: ConfigurationError? {
    guard delivery.sink != .none, let path = node.secretKeyFile, let problem = SecretKeyFile.permissionProblem(path) else { return nil }
    return ConfigurationError(key: "node.secretKeyFile", message: "\(path) \(problem)")
  }
}
