// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Glibc

/// Feeds pieces of bytes into a pipe from a thread of its own, and closes it: the reader sees pieces as strfry's writes may come.
final class Feeder: Sendable {
  let readEnd: Int32
  private let done = DispatchSemaphore(value: 0)

  /// - Parameter pauseMicroseconds: between two pieces, so that most are read one by one.
  init(_ pieces: [[UInt8]], pauseMicroseconds: UInt32 = 0) throws {
    signal(SIGPIPE, SIG_IGN)
    let ends = try PipeEnds()
    readEnd = ends.read
    let writeEnd = ends.write
    let done = done
    Thread {
      for piece in pieces {
        guard writeAll(piece, to: writeEnd) else { break }
        if pauseMicroseconds > 0 { usleep(pauseMicroseconds) }
      }
      close(writeEnd)
      done.signal()
    }.start()
  }

  deinit {
    close(readEnd)
    done.wait()
  }
}

/// - Returns: false when the other end is closed.
func writeAll(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
  var written = 0
  while written < bytes.count {
    let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written) }
    if count < 0, errno == EINTR { continue }
    guard count > 0 else { return false }
    written += count
  }
  return true
}

/// Everything until end of file.
func readAll(_ descriptor: Int32) -> [UInt8] {
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = read(descriptor, &buffer, buffer.count)
    if count < 0, errno == EINTR { continue }
    guard count > 0 else { return bytes }
    bytes += buffer[..<count]
  }
}

func utf8(_ text: String) -> [UInt8] { Array(text.utf8) }
