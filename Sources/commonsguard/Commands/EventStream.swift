// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import Nostr
import Plugin
import Policy
import StateStore

/// Reads recorded streams: request lines, bare events, and the operator's decisions of an export.
struct EventStream {
  /// One line of a stream.
  enum Item {
    /// `bare`: without a receivedAt and a source of its own.
    case event(EventSlices, Circumstances, sourceInfo: Range<Int>?, request: RequestSlices?)
    case decision(OperatorDecision)
    /// strfry wants no answer to it.
    case lookback
    /// `id`: what to answer with.
    case unreadable(Rejection, id: Range<Int>?)
  }

  /// What bare events are judged as.
  let source: SourceType
  /// Judged again, from a journal or an export.
  let isRejudged: Bool

  /// Visits every line of the files, in order; `-` is stdin.
  ///
  /// - Parameter visit: the line, what it is, and how far the stream is in bytes.
  func read(_ files: [String], _ visit: (UnsafeRawBufferPointer, Item, _ done: Int) throws -> Void) throws {
    var done = 0
    for file in files {
      let descriptor = file == "-" ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw Failure(.failed, "\(file) cannot be read: \(String(cString: strerror(errno)))") }
      defer { if descriptor != STDIN_FILENO { close(descriptor) } }
      let reader = LineReader(descriptor: descriptor)
      lines: while true {
        switch reader.next() {
        case .end: break lines
        case .overlong(let beginning):
          done += beginning.count
          try visit(beginning, .unreadable(.invalid("the request is longer than 32 MiB"), id: EventIDFinder.find(in: beginning)), done)
        case .line(let line):
          done += line.count + 1
          if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }) { continue }
          try visit(line, item(line), done)
        }
      }
    }
  }

  /// The size of the files together; nil when it is not known.
  static func size(_ files: [String]) -> Int? {
    var sum = 0
    for file in files {
      var facts = stat()
      guard file != "-", stat(file, &facts) == 0 else { return nil }
      sum += Int(facts.st_size)
    }
    return sum
  }

  private func item(_ line: UnsafeRawBufferPointer) -> Item {
    switch RequestParse.parse(line) {
    case .request(let request):
      let receivedAt = request.receivedAt ?? request.event.createdAt
      let circumstances = Circumstances(receivedAt: receivedAt, source: request.sourceType, isRejudged: isRejudged)
      return .event(request.event, circumstances, sourceInfo: request.sourceInfo, request: request)
    case .lookback: return .lookback
    case .unknownType(let id): return other(line, .error("unknown request type"), id)
    case .invalid(let reason, let id): return other(line, .invalid("\(reason)"), id)
    }
  }

  /// A line that is no request: a bare event, or a decision of the operator.
  private func other(_ line: UnsafeRawBufferPointer, _ rejection: Rejection, _ id: Range<Int>?) -> Item {
    if let event = try? EventSlices.parse(line) {
      let circumstances = Circumstances(receivedAt: event.createdAt, source: source, isRejudged: isRejudged, isBare: true)
      return .event(event, circumstances, sourceInfo: nil, request: nil)
    }
    if line.count < 1 << 16, let decision = JournalLine.decision(parsing: Array(line)) { return .decision(decision) }
    return .unreadable(rejection, id: id)
  }
}
