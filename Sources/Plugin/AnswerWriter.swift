// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import Judgement
import Nostr
import Policy

/// Writes decisions as strfry reads them: one line, one write(2), at most 8192 bytes, the id byte for byte as it came.
public final class AnswerWriter {
  /// The reader of the decisions is gone.
  public struct Closed: Error, Sendable {
    public let code: Int32
  }

  /// The longest line that strfry takes.
  public static let maxBytes = 8192
  /// An id longer than this is answered as `""`.
  public static let maxIDBytes = 4096

  private let descriptor: Int32
  private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: AnswerWriter.maxBytes, alignment: 16)
  private var count = 0

  public init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { buffer.deallocate() }

  /// - Parameter id: the id as a JSON string with its quotes, as it stands in the request; nil when there is none.
  public func write(_ decision: Decision, id: UnsafeRawBufferPointer?) throws(Closed) {
    count = 0
    append("{\"id\":")
    if let id, id.count <= Self.maxIDBytes { append(id) } else { append("\"\"") }
    switch decision {
    case .accept:
      append(",\"action\":\"accept\"}\n")
    case .reject(let rejection):
      append(",\"action\":\"reject\",\"msg\":")
      append(JSONText.quoted(rejection.message))
      append("}\n")
    }
    try flush()
  }

  private func append(_ text: StaticString) {
    append(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  private func append(_ bytes: [UInt8]) { bytes.withUnsafeBytes { append($0) } }

  /// Everything fits: an id of 4096 bytes, and a message of 300 bytes, each at most six times as long when escaped.
  private func append(_ bytes: UnsafeRawBufferPointer) {
    guard let source = bytes.baseAddress, let target = buffer.baseAddress, bytes.count <= Self.maxBytes - count else { return }
    (target + count).copyMemory(from: source, byteCount: bytes.count)
    count += bytes.count
  }

  private func flush() throws(Closed) {
    var written = 0
    while written < count {
      let result = Glibc.write(descriptor, buffer.baseAddress.map { $0 + written }, count - written)
      if result >= 0 {
        written += result
      } else if errno == EAGAIN {
        var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = poll(&ready, 1, -1)
      } else if errno != EINTR {
        throw Closed(code: errno)
      }
    }
  }
}
