// SPDX-License-Identifier: AGPL-3.0-or-later
import TestSupport

/// Lines that are no requests, or hardly; and lines of many megabytes.
enum BrokenLines {
  static func make(_ count: Int, _ random: inout SplitMix64) -> [TortureLine] {
    let raw = TestKey("broken").json(kind: 30904, createdAt: 1_750_000_000, tags: [["d", "x"]], content: "{\"a\":1}")
    let whole = requestLine(json: raw)
    var lines: [[UInt8]] = ["", " ", "{}", "[]", "null", "\u{feff}{}", "{\"type\":\"new\"}", "{\"event\":{}}", "{\"event\":[]}"].map {
      Array($0.utf8)
    }
    while lines.count < count {
      var line = whole
      switch random.next() % 5 {
      case 0: line = Array(line.prefix(Int(random.next() % UInt64(line.count))))
      case 1: for _ in 0..<4 { line[Int(random.next() % UInt64(line.count))] = UInt8(truncatingIfNeeded: random.next()) }
      case 2: line.insert(contentsOf: [UInt8](repeating: 0x5b, count: Int(random.next() % 5000)), at: Int(random.next() % UInt64(line.count)))
      case 3: line = [UInt8](repeating: UInt8(truncatingIfNeeded: random.next()), count: Int(random.next() % 3000))
      default: line = requestLine(json: Array(raw.reversed()))
      }
      lines.append(line.map { $0 == 0x0a ? 0x20 : $0 })
    }
    // An empty line is no request, and gets no answer.
    return lines.filter { !$0.allSatisfy { $0 == 0x20 || $0 == 0x0d || $0 == 0x09 } }.map {
      TortureLine(bytes: $0 + [0x0a], what: "broken", answer: nil)
    }
  }

  static func huge() -> [TortureLine] {
    let key = TestKey("huge")
    var lines: [TortureLine] = []
    for (bytes, kind) in [(1 << 20, UInt64(1)), (1 << 20, 30904), (4 << 20, 31108), (8 << 20, 7), (16 << 20, 1)] {
      let tags = [["t", "crowdfunding"], ["d", "x"], ["p", key.hex]]
      let raw = key.json(kind: kind, createdAt: 1_750_000_000, tags: tags, content: "{\"x\":\"" + String(repeating: "y\\", count: bytes / 3) + "\"}")
      lines.append(
        TortureStream.line(HostileEvent(rule: "\(bytes >> 20) MiB of kind \(kind)", raw: raw, source: .sync, receivedAt: 1_750_000_001), "huge"))
    }
    lines.append(TortureLine(bytes: [UInt8](repeating: 0x5b, count: 34 << 20) + [0x0a], what: "huge: 34 MiB of brackets", answer: nil))
    return lines
  }
}
