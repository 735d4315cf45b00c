// SPDX-License-Identifier: AGPL-3.0-or-later
import CSystem
import Glibc

/// Feeds a running child and listens to it, all at once, so that neither waits for the other for ever.
struct ChildStreams {
  let stdin: Descriptor
  /// Our own end of the child's stdin to read from: never read, only asked how much is left.
  let unread: Descriptor
  let stdout: Descriptor?
  let stderr: Descriptor
  let input: [UInt8]
  let output: ((UnsafeRawBufferPointer) -> Void)?

  /// A child whose pipes went on to a grandchild is noticed this late.
  private static let lookMilliseconds: Int32 = 100
  private static let pieceBytes = 65_536
  /// After the child's end, so much of what it left in its pipes is still read.
  private static let maxLeftPieces = 64

  /// Until the child ends, or the time is over. The process is reaped.
  func run(_ process: pid_t, timeoutSeconds: Int) -> ChildResult {
    for descriptor in [stdin, stdout, stderr].compactMap({ $0 }) { descriptor.stopBlocking() }
    let deadline = SystemClock.monotonicMilliseconds() &+ UInt64(clamping: timeoutSeconds) &* 1000
    let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: Self.pieceBytes, alignment: 16)
    defer { piece.deallocate() }
    var result = ChildResult(end: .unknown)
    var fed = 0
    if input.isEmpty { stdin.close() }
    while true {
      if let end = Self.reap(process) {
        result.end = end
        drain(piece, &result.complaint, pieces: Self.maxLeftPieces)
        break
      }
      let now = SystemClock.monotonicMilliseconds()
      if now >= deadline {
        result.end = .timedOut(seconds: timeoutSeconds)
        kill(-process, SIGKILL)
        drain(piece, &result.complaint, pieces: Self.maxLeftPieces)
        Self.reapKilled(process)
        break
      }
      wait(atMost: Int32(clamping: deadline - now))
      feed(&fed)
      drain(piece, &result.complaint, pieces: 1)
    }
    result.tookInput = fed == input.count && commonsguard_unread_bytes(unread.raw) == 0
    return result
  }

  private func wait(atMost milliseconds: Int32) {
    var polled: [pollfd] = []
    if stdin.isOpen { polled.append(pollfd(fd: stdin.raw, events: Int16(POLLOUT), revents: 0)) }
    for stream in [stdout, stderr] {
      if let stream, stream.isOpen { polled.append(pollfd(fd: stream.raw, events: Int16(POLLIN), revents: 0)) }
    }
    // With all pipes closed the child is about to end: look again soon.
    _ = poll(&polled, nfds_t(polled.count), min(milliseconds, stderr.isOpen ? Self.lookMilliseconds : 5))
  }

  private func feed(_ fed: inout Int) {
    guard stdin.isOpen else { return }
    let count = input.withUnsafeBytes { write(stdin.raw, $0.baseAddress.map { $0 + fed }, $0.count - fed) }
    if count > 0 { fed += count }
    let isClosed = count < 0 && errno != EAGAIN && errno != EINTR
    if isClosed || fed == input.count { stdin.close() }
  }

  private func drain(_ piece: UnsafeMutableRawBufferPointer, _ complaint: inout Tail, pieces: Int) {
    for _ in 0..<pieces {
      let printed = stdout.map { Self.read($0, piece) } ?? 0
      if printed > 0 { output?(UnsafeRawBufferPointer(rebasing: piece[..<printed])) }
      let complained = Self.read(stderr, piece)
      if complained > 0 { complaint.append(UnsafeRawBufferPointer(rebasing: piece[..<complained])) }
      if printed <= 0, complained <= 0 { return }
    }
  }

  /// The number of bytes; 0 when there are none now. Closes the stream at its end.
  private static func read(_ stream: Descriptor, _ piece: UnsafeMutableRawBufferPointer) -> Int {
    guard stream.isOpen else { return 0 }
    let count = Glibc.read(stream.raw, piece.baseAddress, piece.count)
    if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { stream.close() }
    return max(0, count)
  }

  /// Nil while the child runs.
  private static func reap(_ process: pid_t) -> ChildResult.End? {
    var status: Int32 = 0
    let reaped = waitpid(process, &status, WNOHANG)
    if reaped == 0 || (reaped < 0 && errno == EINTR) { return nil }
    // Where SIGCHLD is ignored, the kernel throws the status away.
    guard reaped == process else { return .unknown }
    let signal = status & 0x7f
    return signal == 0 ? .exited((status >> 8) & 0xff) : .signalled(signal)
  }

  /// A killed child is gone in no time, unless it hangs in the kernel: it is not waited for longer than 5 s.
  static func reapKilled(_ process: pid_t) {
    for _ in 0..<1000 {
      if reap(process) != nil { return }
      SystemClock.sleep(milliseconds: 5)
    }
  }
}
