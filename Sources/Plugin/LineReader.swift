// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// Reads lines of any bytes from a descriptor, in one buffer that grows to the longest line and shrinks again.
///
/// A line over the limit is skipped to its end; what was read of it up to the limit is lent, so that its id may still be found.
public final class LineReader {
  /// One line without its newline; lent until the next call.
  public enum Line {
    case line(UnsafeRawBufferPointer)
    /// Longer than the limit; the beginning.
    case overlong(UnsafeRawBufferPointer)
    case end
  }

  /// The longest line that is read whole, in bytes (strfry protocol, *The wire*).
  public static let maxLineBytes = 32 << 20
  private static let smallBytes = 256 << 10

  private let descriptor: Int32
  private let limit: Int
  private var buffer: UnsafeMutableRawPointer
  private var capacity: Int
  /// The bytes read and not yet lent: `start..<end`.
  private var start = 0
  private var end = 0
  private var isAtEnd = false
  /// What read(2) failed with; the input then ended where it should not have. Nil at a real end.
  public private(set) var failure: Int32?
  /// The line lent last is still being skipped.
  private var isSkipping = false

  public init(descriptor: Int32, maxLineBytes: Int = LineReader.maxLineBytes) {
    self.descriptor = descriptor
    limit = maxLineBytes
    capacity = min(Self.smallBytes, maxLineBytes + 1)
    buffer = .allocate(byteCount: capacity, alignment: 16)
  }

  deinit { buffer.deallocate() }

  /// The next line; blocks until there is one. An error of read(2) ends the input, as end of file does, and is told by `failure`; the beginning
  /// of a line that was not read to its end is then no line.
  public func next() -> Line {
    if isSkipping { skipRest() }
    var scanned = start
    while true {
      if scanned < end, let newline = memchr(buffer + scanned, 0x0a, end - scanned) {
        let line = UnsafeRawBufferPointer(start: buffer + start, count: UnsafeRawPointer(newline) - UnsafeRawPointer(buffer + start))
        start += line.count + 1
        return .line(line)
      }
      scanned = end
      if end - start > limit {
        isSkipping = true
        return .overlong(UnsafeRawBufferPointer(start: buffer + start, count: limit))
      }
      if isAtEnd {
        defer { start = end }
        return start < end && failure == nil ? .line(UnsafeRawBufferPointer(start: buffer + start, count: end - start)) : .end
      }
      scanned -= makeRoom()
      fill()
    }
  }

  /// Makes sure that there is room behind `end`.
  /// - Returns: by how much the bytes moved down.
  private func makeRoom() -> Int {
    if start == end {
      let moved = start
      start = 0
      end = 0
      if capacity > Self.smallBytes { reallocate(min(Self.smallBytes, limit + 1)) }
      return moved
    }
    guard end == capacity else { return 0 }
    let moved = start
    memmove(buffer, buffer + start, end - start)
    end -= moved
    start = 0
    // Half full after the move: growing now saves moving again soon.
    if end > capacity / 2 { reallocate(min(capacity * 2, limit + 1)) }
    return moved
  }

  /// Changes the capacity, to no less than what is held.
  private func reallocate(_ wanted: Int) {
    let size = max(wanted, end)
    guard size != capacity else { return }
    let larger = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
    larger.copyMemory(from: buffer, byteCount: end)
    buffer.deallocate()
    buffer = larger
    capacity = size
  }

  private func fill() {
    while true {
      let count = read(descriptor, buffer + end, capacity - end)
      if count > 0 {
        end += count
        return
      }
      if count < 0, errno == EINTR { continue }
      if count < 0, errno == EAGAIN {
        var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = poll(&ready, 1, -1)
        continue
      }
      if count < 0 { failure = errno }
      isAtEnd = true
      return
    }
  }

  /// Drops the rest of an overlong line, in the same buffer.
  private func skipRest() {
    isSkipping = false
    var scanned = start
    while true {
      if scanned < end, let newline = memchr(buffer + scanned, 0x0a, end - scanned) {
        start = UnsafeRawPointer(newline) - UnsafeRawPointer(buffer) + 1
        return
      }
      start = 0
      end = 0
      scanned = 0
      if isAtEnd { return }
      fill()
    }
  }
}
