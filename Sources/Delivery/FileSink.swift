// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// Appends events to a file of JSON Lines.
///
/// A batch is one append, followed by fdatasync. A line that a crash left without its end is ended first, so that a torn line never swallows
/// a whole one: a reader skips what is no JSON. The file is opened for each batch, so that it can be rotated.
public struct FileSink: Sink {
  private let path: String

  public init(path: String) { self.path = path }

  public func deliver(_ batch: [SignedRow]) -> [SinkOutcome] {
    if batch.isEmpty { return [] }
    do {
      try append(batch.lines)
      return batch.map { _ in .delivered }
    } catch {
      return batch.map { _ in .retry("\(path): \(error.words)") }
    }
  }

  private struct Failure: Error { let words: String }

  private func append(_ lines: [UInt8]) throws(Failure) {
    // Readable too: the last byte tells whether the last line is whole. A pipe does not make this wait, and is refused below.
    let file = Descriptor(open(path, O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0o600))
    guard file.isOpen else { throw failure() }
    var status = stat()
    guard fstat(file.raw, &status) == 0 else { throw failure() }
    guard status.st_mode & S_IFMT == S_IFREG else { throw Failure(words: "not a regular file") }
    var last: UInt8 = UInt8(ascii: "\n")
    if status.st_size > 0, pread(file.raw, &last, 1, status.st_size - 1) != 1 { throw failure() }
    try write((last == UInt8(ascii: "\n") ? [] : [UInt8(ascii: "\n")]) + lines, to: file)
    guard fdatasync(file.raw) == 0 else { throw failure() }
    if status.st_size == 0 { try syncDirectory() }
  }

  private func write(_ bytes: [UInt8], to file: Descriptor) throws(Failure) {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(file.raw, $0.baseAddress.map { $0 + written }, $0.count - written) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw failure() }
      written += count
    }
  }

  /// A new file is on the disk when its directory is.
  private func syncDirectory() throws(Failure) {
    let parent = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    let directory = Descriptor(open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC))
    guard directory.isOpen, fsync(directory.raw) == 0 else { throw failure() }
  }

  private func failure() -> Failure { Failure(words: String(cString: strerror(errno))) }
}
