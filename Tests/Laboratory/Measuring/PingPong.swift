// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import Nostr

/// One plugin, driven in lock-step.
struct PingPong {
  let command: String
  let cpus: [Int]?

  func run(_ lines: [[UInt8]], warmup: Int) throws -> PingPongResult {
    signal(SIGPIPE, SIG_IGN)
    let ids = lines.map { line in line.withUnsafeBytes { bytes in EventIDFinder.find(in: bytes).map { Array(bytes[$0]) } ?? Array("\"\"".utf8) } }
    // The plugin inherits its CPU; only then does the driver go to its own.
    if let cpus { try Affinity.pin(to: cpus[1]) }
    let start = Stopwatch.nanoseconds()
    let child = try ChildProcess(shell: command)
    if let cpus { try Affinity.pin(to: cpus[0]) }
    var answers = AnswerReader(descriptor: child.output)
    var latencies = Samples(capacity: lines.count)
    var first = 0.0
    var (accepted, rejected, mismatches) = (0, 0, 0)
    for (index, line) in lines.enumerated() {
      let sent = Stopwatch.nanoseconds()
      guard line.withUnsafeBytes({ child.send($0) }), let answer = answers.next() else {
        throw LaboratoryFailure("the plugin ended after \(index) answers (status \(child.end().map(String.init) ?? "signal"))")
      }
      let received = Stopwatch.nanoseconds()
      if index == 0 { first = Double(received &- start) / 1000 }
      if index >= warmup { latencies.add(received &- sent) }
      if !answer.starts(with: Array("{\"id\":".utf8) + ids[index] + [0x2c]) { mismatches += 1 }
      if answer.contains("\"action\":\"accept\"") { accepted += 1 } else { rejected += 1 }
    }
    let memory = Self.anonymousKiB(of: child.pid)
    child.end()
    return PingPongResult(
      firstMicroseconds: first, latencies: latencies, accepted: accepted, rejected: rejected, mismatches: mismatches, anonymousKiB: memory)
  }

  /// RssAnon of a process; nil when the command's shell did not give way to the plugin (no `exec`), since it would be the shell's.
  static func anonymousKiB(of pid: pid_t) -> Int? {
    guard let status = try? TextFile.procText("/proc/\(pid)/status"), !status.hasPrefix("Name:\tsh\n") else { return nil }
    let line = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }
    return line?.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) }
  }
}

/// Reads answers line by line from a pipe.
struct AnswerReader {
  private let descriptor: Int32
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)
  private var held: [UInt8] = []

  init(descriptor: Int32) { self.descriptor = descriptor }

  /// The next line without its newline; nil at end of file.
  mutating func next() -> [UInt8]? {
    while true {
      if let newline = held.firstIndex(of: 0x0a) {
        let line = Array(held[..<newline])
        held.removeSubrange(...newline)
        return line
      }
      guard fill() else { return nil }
    }
  }

  /// A line that is complete already.
  mutating func ready() -> [UInt8]? { held.contains(0x0a) ? next() : nil }

  /// Reads what is there; false at end of file.
  mutating func fill() -> Bool {
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count > 0 {
        held += buffer[..<count]
        return true
      }
      if count == 0 || errno != EINTR { return false }
    }
  }
}

extension [UInt8] {
  /// Whether the bytes of `word` occur somewhere.
  func contains(_ word: StaticString) -> Bool {
    word.withUTF8Buffer { word in
      guard count >= word.count else { return false }
      return (0...count - word.count).contains { self[$0..<$0 + word.count].elementsEqual(word) }
    }
  }
}

extension TextFile {
  /// A file of /proc, whose size is not known before it is read.
  static func procText(_ path: String) throws -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw LaboratoryFailure("\(path) cannot be read") }
    defer { close(descriptor) }
    var buffer = [UInt8](repeating: 0, count: 1 << 14)
    let count = read(descriptor, &buffer, buffer.count)
    return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
  }
}
