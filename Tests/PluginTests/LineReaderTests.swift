// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import Plugin
import TestSupport
import Testing

/// Lines of any bytes, in a buffer with a small limit.
@Suite struct LineReaderTests {
  enum Seen: Equatable {
    case line([UInt8])
    /// Of a line that is too long: its beginning.
    case overlong([UInt8])
  }

  private func lines(_ pieces: [[UInt8]], limit: Int = 16, pauseMicroseconds: UInt32 = 0) throws -> [Seen] {
    let feeder = try Feeder(pieces, pauseMicroseconds: pauseMicroseconds)
    defer { withExtendedLifetime(feeder) {} }
    let reader = LineReader(descriptor: feeder.readEnd, maxLineBytes: limit)
    var seen: [Seen] = []
    while true {
      switch reader.next() {
      case .line(let line): seen.append(.line(Array(line)))
      case .overlong(let beginning): seen.append(.overlong(Array(beginning)))
      case .end: return seen
      }
    }
  }

  /// What the lines of a stream are, by the dumbest means.
  private func expected(_ stream: [UInt8], limit: Int) -> [Seen] {
    var pieces = stream.split(separator: 0x0a, omittingEmptySubsequences: false).map(Array.init)
    if pieces.last?.isEmpty == true { pieces.removeLast() }
    return pieces.map { $0.count > limit ? .overlong(Array($0[..<limit])) : .line($0) }
  }

  @Test("Lines come one by one, without their newlines")
  func plainLines() throws {
    #expect(try lines([utf8("one\ntwo\n")]) == [.line(utf8("one")), .line(utf8("two"))])
  }

  @Test("Nothing at all is no line")
  func emptyStream() throws {
    #expect(try lines([]) == [])
  }

  @Test("A line of no bytes is a line")
  func emptyLines() throws {
    #expect(try lines([utf8("\n\na\n")]) == [.line([]), .line([]), .line(utf8("a"))])
  }

  @Test("A line split over many reads is one line")
  func splitLine() throws {
    #expect(try lines(utf8("one\ntwo\n").map { [$0] }, pauseMicroseconds: 500) == [.line(utf8("one")), .line(utf8("two"))])
  }

  @Test("The last line needs no newline")
  func missingNewline() throws {
    #expect(try lines([utf8("one\ntwo")]) == [.line(utf8("one")), .line(utf8("two"))])
  }

  @Test("Bytes that are no text, NUL and carriage returns stay as they are")
  func anyBytes() throws {
    #expect(try lines([[0x00, 0xff, 0x0d, 0x0a, 0xc3, 0x0a]]) == [.line([0x00, 0xff, 0x0d]), .line([0xc3])])
  }

  @Test("A line of exactly the limit is read whole")
  func lineOfTheLimit() throws {
    let line = [UInt8](repeating: 0x61, count: 16)
    #expect(try lines([line + [0x0a], utf8("next\n")]) == [.line(line), .line(utf8("next"))])
    #expect(try lines([line]) == [.line(line)])
  }

  @Test("A line of one byte more is overlong, and the next line is read", arguments: [17, 18, 33, 1000])
  func overlongLine(length: Int) throws {
    let line = [UInt8](repeating: 0x61, count: length)
    #expect(try lines([line + [0x0a], utf8("next\n")]) == [.overlong(Array(line[..<16])), .line(utf8("next"))])
    #expect(try lines([line]) == [.overlong(Array(line[..<16]))])
  }

  @Test("Lines of several MiB are read whole, and what follows too")
  func largeLines() throws {
    let large = [UInt8](repeating: 0x62, count: 5 << 20)
    let larger = [UInt8](repeating: 0x63, count: (9 << 20) + 1)
    let seen = try lines([utf8("small\n"), large + [0x0a], utf8("x\n"), larger + [0x0a], utf8("y")], limit: 9 << 20)
    #expect(seen == [.line(utf8("small")), .line(large), .line(utf8("x")), .overlong(Array(larger.dropLast())), .line(utf8("y"))])
  }

  @Test("An overlong line that never ends uses no more than the limit")
  func endlessLine() throws {
    let piece = [UInt8](repeating: 0x64, count: 1 << 20)
    let seen = try lines([[UInt8]](repeating: piece, count: 8), limit: 100)
    #expect(seen == [.overlong([UInt8](repeating: 0x64, count: 100))])
  }

  @Test("A descriptor that cannot be read ends the input")
  func unreadable() {
    let reader = LineReader(descriptor: -1, maxLineBytes: 16)
    guard case .end = reader.next() else {
      Issue.record("a line came out of nothing")
      return
    }
    #expect(reader.failure == EBADF)
  }

  @Test("The end of the input is no failure")
  func end() throws {
    let feeder = try Feeder([utf8("one")])
    let reader = LineReader(descriptor: feeder.readEnd, maxLineBytes: 16)
    guard case .line = reader.next(), case .end = reader.next() else {
      Issue.record("one line, then the end")
      return
    }
    #expect(reader.failure == nil)
  }

  @Test("A descriptor that does not block is waited for")
  func nonBlocking() throws {
    let feeder = try Feeder([utf8("on"), utf8("e\n")], pauseMicroseconds: 20_000)
    _ = fcntl(feeder.readEnd, F_SETFL, O_NONBLOCK)
    let reader = LineReader(descriptor: feeder.readEnd, maxLineBytes: 16)
    guard case .line(let line) = reader.next() else {
      Issue.record("no line came")
      return
    }
    #expect(Array(line) == utf8("one"))
    withExtendedLifetime(feeder) {}
  }

  @Test("Any stream in any pieces gives the lines that splitting it gives", arguments: 0..<8)
  func property(round: Int) throws {
    var random = SplitMix64(seed: .random(in: 0...UInt64.max))
    let seed = random.seed
    let limit = Int.random(in: 1...40, using: &random)
    var stream: [UInt8] = []
    for _ in 0..<Int.random(in: 0...60, using: &random) {
      let length = Int.random(in: 0...limit * 3, using: &random)
      stream += (0..<length).map { _ in UInt8.random(in: 0x0b...0xff, using: &random) }
      stream.append(0x0a)
    }
    if Bool.random(using: &random) { stream += utf8("last") }
    var pieces: [[UInt8]] = []
    var rest = stream[...]
    while !rest.isEmpty {
      let length = Int.random(in: 1...limit * 2, using: &random)
      pieces.append(Array(rest.prefix(length)))
      rest = rest.dropFirst(length)
    }
    #expect(try lines(pieces, limit: limit, pauseMicroseconds: 20) == expected(stream, limit: limit), "seed \(seed)")
  }
}
