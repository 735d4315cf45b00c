// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport

/// One request of the torture: its line with the newline, and what it is.
struct TortureLine {
  let bytes: [UInt8]
  let what: String
  /// How its answer begins, where the line has an id that can be read.
  let answer: [UInt8]?
  /// It is a part of some domain's life, or of an attack on it.
  var isClaimed = false
}

/// An endless, seeded mixture: mostly what nobody claims, some of the ordinary life of all domains, and every hostile shape.
struct TortureStream {
  private var random: SplitMix64
  private var scenes: UInt64 = 0
  /// What nobody claims, and lines that are broken, made once.
  private let notes: [TortureLine]
  private let broken: [TortureLine]
  private let huge: [TortureLine]
  /// The rest of the present scene, the last line first.
  private var scene: [TortureLine] = []
  private var ordinary: [TortureLine] = []
  /// Claimed lines that were sent once.
  private var sent: [TortureLine] = []
  private static let sentLimit = 2048

  init(seed: UInt64) {
    random = SplitMix64(seed: seed)
    notes = Self.notes(4000, &random)
    broken = BrokenLines.make(200, &random)
    huge = BrokenLines.huge()
  }

  mutating func next() throws -> TortureLine {
    let number = random.next() >> 32
    // One in a hundred thousand is huge, one in thirty is broken, one in eighty is new to the domains, one in fifty was sent before.
    if number % 100_003 == 0 { return huge[Int(random.next() % UInt64(huge.count))] }
    if number % 29 == 0 { return broken[Int(random.next() % UInt64(broken.count))] }
    if number % 83 == 0 { return try fresh() }
    if number % 47 == 0, !sent.isEmpty { return sent[Int(random.next() % UInt64(sent.count))] }
    return notes[Int(random.next() % UInt64(notes.count))]
  }

  private mutating func fresh() throws -> TortureLine {
    let isOrdinary = random.next() % 3 == 0
    if isOrdinary, ordinary.isEmpty { ordinary = try OrdinaryLife.lines(scenes, &random) }
    if !isOrdinary, scene.isEmpty { scene = try hostileScene() }
    guard var line = isOrdinary ? ordinary.popLast() : scene.popLast() else { return notes[0] }
    line.isClaimed = true
    if sent.count < Self.sentLimit { sent.append(line) } else { sent[Int(random.next() % UInt64(sent.count))] = line }
    return line
  }

  /// A small state of one shape, and hostile events for it.
  private mutating func hostileScene() throws -> [TortureLine] {
    scenes += 1
    guard let shape = HostileShape.all.randomElement(using: &random) else { return [] }
    let stage = HostileScene(seed: random.next(), seconds: 3600, judge: nil)
    var size = Dials(random: shape.state, &random)
    // The sizes at the limits belong to `worst-case`; here many states have to fit beside each other.
    for dial in shape.state where dial.range.upperBound > 100 { size[dial.name] = max(dial.range.lowerBound, size[dial.name] % 60) }
    let make = try shape.build(stage, size)
    var events = stage.sent
    for _ in 0..<24 {
      var event = try make(Dials(random: shape.event, &random))
      event.receivedAt = event.receivedAt ?? stage.now
      events.append(event)
    }
    return events.reversed().map { Self.line($0, shape.name) }
  }

  static func line(_ event: HostileEvent, _ shape: String) -> TortureLine {
    let line = requestLine(json: event.raw, receivedAt: event.receivedAt ?? 0, sourceType: "\(event.source.word)")
    let id = event.raw.withUnsafeBytes { bytes in EventIDFinder.find(in: bytes).map { Array(bytes[$0]) } }
    return TortureLine(bytes: line + [0x0a], what: "\(shape): \(event.rule)", answer: id.map { Array("{\"id\":".utf8) + $0 + [0x2c] })
  }

  private static func notes(_ count: Int, _ random: inout SplitMix64) -> [TortureLine] {
    (0..<count).map { number in
      let tags = [["e", TestKey.hexWord(&random)], ["p", TestKey.hexWord(&random)], ["t", "commons"]]
      let content = String(repeating: "le jardin partagé ✨ ", count: 1 + Int(random.next() % 30))
      let kind: UInt64 = [1, 1, 1, 1, 7, 6, 3, 30023][number / 2 % 8]
      let raw = TestKey("note \(number % 50)").json(kind: kind, createdAt: 1_750_000_000 + UInt64(number), tags: tags, content: content)
      // Half of them are somebody else's words: their ids do not hold, which is found out sooner than that a signature does not.
      let isForged = number % 2 == 1
      let sent = isForged ? raw.map { $0 == UInt8(ascii: "j") ? UInt8(ascii: "J") : $0 } : raw
      return line(
        HostileEvent(rule: isForged ? "forged kind \(kind)" : "kind \(kind)", raw: sent, receivedAt: 1_750_000_001 + UInt64(number)), "note")
    }
  }
}
