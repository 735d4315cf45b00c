// SPDX-License-Identifier: AGPL-3.0-or-later
import FoundationEssentials
import Glibc

/// Reads a small regular file whole, with a limit, so that neither a pipe nor a device nor a mistake can hold the program up.
enum BoundedFile {
  /// What went wrong, in words that never hold the file's content.
  struct Failure: Error, Equatable {
    let message: String
    let isMissing: Bool
  }

  /// - Parameter checking: looks at the opened file's owner and mode before a byte is read; returns what is wrong.
  static func read(_ path: String, maxBytes: Int, checking: (stat) -> String? = { _ in nil }) throws(Failure) -> [UInt8] {
    if path.utf8.contains(0) { throw Failure(message: "a path cannot hold U+0000", isMissing: false) }
    // Not blocking: opening a pipe must not wait for its writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    if descriptor < 0 { throw failure("open") }
    defer { close(descriptor) }
    var facts = stat()
    if fstat(descriptor, &facts) != 0 { throw failure("fstat") }
    if facts.st_mode & S_IFMT != S_IFREG { throw Failure(message: "is not a regular file", isMissing: false) }
    if let problem = checking(facts) { throw Failure(message: problem, isMissing: false) }
    if facts.st_size > maxBytes { throw Failure(message: "is larger than \(maxBytes) bytes", isMissing: false) }
    return try content(of: descriptor, size: Int(facts.st_size))
  }

  private static func content(of descriptor: Int32, size: Int) throws(Failure) -> [UInt8] {
    // One byte more than there should be, so that a file that grows is noticed; read in place, so that a secret leaves no copies.
    var bytes = [UInt8](repeating: 0, count: max(0, size) + 1)
    var count = 0
    while count < bytes.count {
      let got = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress?.advanced(by: count), $0.count - count) }
      if got < 0 && errno == EINTR { continue }
      if got < 0 { throw failure("read") }
      if got == 0 { break }
      count += got
    }
    if count == bytes.count { throw Failure(message: "grew while it was read", isMissing: false) }
    bytes.removeLast(bytes.count - count)
    return bytes
  }

  private static func failure(_ call: String) -> Failure {
    let code = errno
    return Failure(message: code == ENOENT ? "does not exist" : "\(call): \(String(cString: strerror(code)))", isMissing: code == ENOENT)
  }
}
