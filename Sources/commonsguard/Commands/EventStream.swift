// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import Nostr
import Plugin
import Policy
import StateStore

/// Reads recorded streams: request lines, bare events, and the lines of an export. A byte order mark costs nothing; JSON over several lines, arrays
/// and `["EVENT",…]` frames are read too.
struct EventStream {
  /// One thing in a stream.
  enum Item {
    /// `request`: nil for a bare event, which has no receivedAt and no source of its own.
    case event(EventSlices, Circumstances, sourceInfo: Range<Int>?, request: RequestSlices?)
    case decision(OperatorDecision)
    /// The end of an export.
    case trailer(ExportTrailer)
    /// What wants no answer: a lookback of strfry's, a frame that carries no event.
    case skipped
    /// `id`: what to answer with.
    case unreadable(Rejection, id: Range<Int>?)
  }

  /// Where something stands.
  struct Place {
    /// As it was named; `stdin`.
    let file: String
    /// From 1; of its first line.
    let line: Int
    /// How far the stream is, in bytes.
    let done: Int

    var description: String { "\(file):\(line)" }
  }

  /// Visits one thing. The bytes are lent.
  typealias Visit = (UnsafeRawBufferPointer, Item, Place) throws -> Void

  /// What bare events are judged as.
  let source: SourceType
  /// Judged again, from a journal or an export.
  let isRejudged: Bool

  /// Visits everything in the files, in order; `-` is stdin. Throws a `Failure` that names a file which cannot be read to its end.
  func read(_ files: [String], _ visit: Visit) throws {
    var done = 0
    for file in files {
      let name = file == "-" ? "stdin" : file
      let descriptor = file == "-" ? STDIN_FILENO : open(file, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw Self.unreadable(name, errno) }
      defer { if descriptor != STDIN_FILENO { close(descriptor) } }
      try read(LineReader(descriptor: descriptor), name, &done, visit)
    }
  }

  private func read(_ reader: LineReader, _ name: String, _ done: inout Int, _ visit: Visit) throws {
    var number = 0
    var gathered = GatheredLines()
    while true {
      switch reader.next() {
      case .end:
        if let code = reader.failure { throw Self.unreadable(name, code, behind: number) }
        try give(up: &gathered, name, done, visit)
        return
      case .overlong(let beginning):
        number += 1
        done += beginning.count
        try give(up: &gathered, name, done, visit)
        let rejection = Rejection.invalid("the request is longer than 32 MiB")
        try visit(beginning, .unreadable(rejection, id: EventIDFinder.find(in: beginning)), Place(file: name, line: number, done: done))
      case .line(let bytes):
        number += 1
        done += bytes.count + 1
        let line = Self.withoutMark(bytes)
        if line.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }) { continue }
        if gathered.isOpen {
          switch gathered.add(line) {
          case .more: continue
          case .whole:
            try whole(&gathered, name, done, visit)
            continue
          case .broken: try give(up: &gathered, name, done, visit)
          }
        }
        let found = item(line)
        if case .unreadable = found, gathered.begin(line, at: number) { continue }
        try self.visit(line, found, Place(file: name, line: number, done: done), depth: 0, visit)
      }
    }
  }

  /// What was gathered is one text.
  private func whole(_ gathered: inout GatheredLines, _ name: String, _ done: Int, _ visit: Visit) throws {
    let (bytes, line) = gathered.take()
    try bytes.withUnsafeBytes { try self.visit($0, item($0), Place(file: name, line: line, done: done), depth: 0, visit) }
  }

  /// What was gathered is never closed: its first line is told as what it is.
  private func give(up gathered: inout GatheredLines, _ name: String, _ done: Int, _ visit: Visit) throws {
    guard gathered.isOpen else { return }
    let (bytes, line) = gathered.take()
    try bytes.prefix { $0 != 0x0a }.withUnsafeBytes { try visit($0, item($0), Place(file: name, line: line, done: done)) }
  }

  /// Visits an item, or the elements of an array that is none.
  private func visit(_ text: UnsafeRawBufferPointer, _ item: Item, _ place: Place, depth: Int, _ visit: Visit) throws {
    guard case .unreadable = item, depth < 3, let elements = JSONElements(text) else { return try visit(text, item, place) }
    if elements.isFrame {
      guard elements.name == "EVENT", let event = elements.ranges.last, event.count > 1 else { return try visit(text, .skipped, place) }
      let bytes = UnsafeRawBufferPointer(rebasing: text[event])
      return try visit(bytes, self.item(bytes), place)
    }
    var (line, counted) = (place.line, 0)
    for range in elements.ranges {
      line += text[counted..<range.lowerBound].count { $0 == 0x0a }
      counted = range.lowerBound
      let bytes = UnsafeRawBufferPointer(rebasing: text[range])
      try self.visit(bytes, self.item(bytes), Place(file: place.file, line: line, done: place.done), depth: depth + 1, visit)
    }
  }

  private func item(_ line: UnsafeRawBufferPointer) -> Item {
    switch RequestParse.parse(line) {
    case .request(let request):
      let receivedAt = request.receivedAt ?? request.event.createdAt
      let circumstances = Circumstances(receivedAt: receivedAt, source: request.sourceType, isRejudged: isRejudged)
      return .event(request.event, circumstances, sourceInfo: request.sourceInfo, request: request)
    case .lookback: return .skipped
    case .unknownType(let id): return other(line, nil, id)
    case .invalid(let reason, let id): return other(line, .invalid("\(reason)"), id)
    }
  }

  /// A text that is no request: a bare event, a decision of the operator, the end of an export.
  private func other(_ line: UnsafeRawBufferPointer, _ rejection: Rejection?, _ id: Range<Int>?) -> Item {
    let reason: EventParseError
    do {
      let event = try EventSlices.parse(line)
      let circumstances = Circumstances(receivedAt: event.createdAt, source: source, isRejudged: isRejudged, isBare: true)
      return .event(event, circumstances, sourceInfo: nil, request: nil)
    } catch {
      reason = error
    }
    if let rejection, line.count >= 1 << 16 { return .unreadable(rejection, id: id) }
    let bytes = Array(line)
    let document = Text(validating: bytes).flatMap { JSONValue(parsing: $0) }
    if let document, let trailer = ExportTrailer(document) { return .trailer(trailer) }
    if let decision = JournalLine.decision(parsing: bytes) { return .decision(decision) }
    if let rejection { return .unreadable(rejection, id: id) }
    // Without the keys of a request it was meant to be an event, and is told what the relay would tell it.
    let isBare = document.map { $0["type"] == nil && $0["event"] == nil } ?? false
    return .unreadable(isBare ? .invalid("\(reason)") : .error("unknown request type"), id: id)
  }

  private static func withoutMark(_ line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
    line.starts(with: [0xEF, 0xBB, 0xBF]) ? UnsafeRawBufferPointer(rebasing: line[3...]) : line
  }

  static func unreadable(_ name: String, _ code: Int32, behind line: Int? = nil) -> Failure {
    let place = line.map { $0 > 0 ? " behind line \($0)" : "" } ?? ""
    return Failure(.failed, "\(name) cannot be read\(place): \(code == EISDIR ? "it is a folder" : String(cString: strerror(code)))")
  }
}

extension EventStream {
  /// Looks at the files before anything is made for them: each must be there, no folder, and begin to be readable.
  static func check(_ files: [String]) throws {
    for file in files {
      var facts = stat()
      let name = file == "-" ? "stdin" : file
      guard (file == "-" ? fstat(STDIN_FILENO, &facts) : stat(file, &facts)) == 0 else { throw unreadable(name, errno) }
      switch facts.st_mode & S_IFMT {
      case S_IFDIR: throw unreadable(name, EISDIR)
      case S_IFREG where file != "-":
        let descriptor = open(file, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw unreadable(name, errno) }
        defer { close(descriptor) }
        var byte: UInt8 = 0
        if pread(descriptor, &byte, 1, 0) < 0 { throw unreadable(name, errno) }
      case _ where file != "-":
        // Opening a pipe would wait for its writer, or take it its reader.
        if access(file, R_OK) != 0 { throw unreadable(name, errno) }
      default: continue
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
}
