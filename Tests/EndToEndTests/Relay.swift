// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Glibc
import Nostr
import TestSupport

/// The plugin's process, and strfry's side of the pipes: one line out, one line in, in lock-step.
final class Relay {
  struct Answer: Equatable {
    let id: String
    let action: String
    let message: String?

    static func accept(_ id: String) -> Answer { Answer(id: id, action: "accept", message: nil) }
    static func reject(_ id: String, _ message: String) -> Answer { Answer(id: id, action: "reject", message: message) }
  }

  enum Failure: Error {
    /// No line came in time, or the plugin is gone.
    case noAnswer(log: String)
    /// strfry would kill a plugin for this.
    case badAnswer(String)
    case requestNotTaken
  }

  let child: Child
  private let logFile: String
  private(set) var input: Int32
  private var output: Int32
  /// Read, and not a whole line yet.
  private var pending: [UInt8] = []

  var log: String { String(decoding: FileManager.default.contents(atPath: logFile) ?? Data(), as: UTF8.self) }

  /// - Parameters:
  ///   - shell: a command line for `/bin/sh -c`, with `$PLUGIN` for the program's path.
  ///   - extra: a descriptor that the child inherits.
  init(
    _ sandbox: Sandbox, arguments: [String] = [], shell: String? = nil, extra: Int32? = nil, blockedSignals: [Int32] = [],
    ignoresPipeSignal: Bool = true
  ) throws {
    let (requests, answers) = (try PipeEnds(), try PipeEnds())
    logFile = "\(sandbox.folder)/\(UUID().uuidString).log"
    let errors = open(logFile, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    defer { [requests.read, answers.write, errors].forEach { close($0) } }
    let command = shell.map { ["/bin/sh", "-c", $0] } ?? [Binary.path] + arguments
    var inheritance = Child.Inheritance(standard: (requests.read, answers.write, errors), extra: extra)
    inheritance.blockedSignals = blockedSignals
    inheritance.ignoresPipeSignal = ignoresPipeSignal
    child = try Child(command, environment: sandbox.environment.merging(["PLUGIN": Binary.path]) { $1 }, inheritance)
    (input, output) = (requests.write, answers.read)
    _ = fcntl(input, F_SETFL, O_NONBLOCK)
  }

  deinit {
    closeInput()
    closeOutput()
  }

  func closeInput() {
    if input >= 0 { close(input) }
    input = -1
  }

  func closeOutput() {
    if output >= 0 { close(output) }
    output = -1
  }

  /// Writes a line and its newline.
  func send(_ line: [UInt8]) throws { try sendRaw(line + [0x0a]) }

  func sendRaw(_ bytes: [UInt8]) throws {
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(input, $0.baseAddress.map { $0 + written }, $0.count - written) }
      if count > 0 {
        written += count
      } else if errno == EAGAIN {
        var ready = pollfd(fd: input, events: Int16(POLLOUT), revents: 0)
        guard poll(&ready, 1, 20_000) == 1 else { throw Failure.requestNotTaken }
      } else if errno != EINTR {
        throw Failure.requestNotTaken
      }
    }
  }

  /// The next line of the plugin, without its newline; nil when none comes in time.
  func line(withinSeconds seconds: Double = 20) -> [UInt8]? {
    let limit = Date().addingTimeInterval(seconds)
    while true {
      if let newline = pending.firstIndex(of: 0x0a) {
        defer { pending = Array(pending[(newline + 1)...]) }
        return Array(pending[..<newline])
      }
      var ready = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
      let milliseconds = Int32(max(0, limit.timeIntervalSinceNow * 1000))
      guard poll(&ready, 1, milliseconds) == 1 else { return nil }
      var buffer = [UInt8](repeating: 0, count: 1 << 16)
      let count = read(output, &buffer, buffer.count)
      guard count > 0 else { return nil }
      pending += buffer[..<count]
    }
  }

  /// Nothing but whole answers that were asked for may come: waits a moment for more.
  func isSilent(forSeconds seconds: Double = 0.2) -> Bool { line(withinSeconds: seconds) == nil && pending.isEmpty }

  /// Sends a request and takes its answer as strfry does.
  @discardableResult
  func judge(_ line: [UInt8]) throws -> Answer {
    try send(line)
    return try answer()
  }

  func judge(_ event: Event, receivedAt: UInt64? = nil, source: String = "IP4") throws -> Answer {
    let received = receivedAt ?? max(1_700_000_000, event.createdAt)
    let answer = try judge(requestLine(event, receivedAt: received, sourceType: source))
    guard answer.id == event.id.hex else { throw Failure.badAnswer("id mismatch: \(answer)") }
    return answer
  }

  func answer() throws -> Answer {
    guard let line = line() else { throw Failure.noAnswer(log: log) }
    let text = String(decoding: line, as: UTF8.self)
    guard line.count < 8192, let object = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any],
      Set(object.keys).isSubset(of: ["id", "action", "msg"]), let id = object["id"] as? String, let action = object["action"] as? String
    else { throw Failure.badAnswer(text) }
    switch action {
    case "accept":
      guard object["msg"] == nil else { throw Failure.badAnswer(text) }
      return .accept(id)
    case "reject":
      guard let message = object["msg"] as? String, message.contains(": "), message.utf8.count <= 300 else { throw Failure.badAnswer(text) }
      return .reject(id, message)
    default: throw Failure.badAnswer(text)
    }
  }

  /// Waits until the plugin holds less anonymous memory than that; false when it still holds more after ten seconds.
  func comesDown(to bytes: Int) throws -> Bool {
    for _ in 0..<1000 {
      if try anonymousMemory() < bytes { return true }
      usleep(10_000)
    }
    return false
  }

  /// Anonymous memory, in bytes.
  func anonymousMemory() throws -> Int {
    let status = try String(contentsOfFile: "/proc/\(child.processID)/status", encoding: .utf8)
    let kilobytes = status.split(separator: "\n").first { $0.hasPrefix("RssAnon:") }?.split(whereSeparator: \.isWhitespace).dropFirst().first
    return (kilobytes.flatMap { Int($0) } ?? 0) << 10
  }
}
