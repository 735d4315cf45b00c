// SPDX-License-Identifier: AGPL-3.0-or-later
import TestSupport

/// Random valid event JSON, in random forms: white space, escapes, any JSON where it is allowed.
struct GeneratedEvent {
  private var random: SplitMix64

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  private mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }
  private mutating func space() -> String { below(8) == 0 ? [" ", "\n", "\t", "\r", "  "][below(5)] : "" }

  mutating func next() -> String {
    var event = RawEvent()
    event = event.with("content", string()).with("tags", tags()).with("kind", "\(UInt64.random(in: 0...UInt64.max, using: &random))")
    if below(3) == 0 { event = event.with("extra", value(depth: 3)) }
    event.fields.shuffle(using: &random)
    let pairs = event.fields.map { field in "\(space())\"\(field.key)\"\(space()):\(space())\(field.value)\(space())" }
    return "\(space()){\(pairs.joined(separator: ","))}\(space())"
  }

  private mutating func string() -> String {
    let pieces = [
      "a", "plain text", "é", "€", "😀", "\u{7f}", "e\u{301}", "\\n", "\\\"", "\\\\", "\\/", "\\b", "\\f", "\\r", "\\t", "\\u0041",
      "\\u00e9", "\\u20ac", "\\ud83d\\ude00", "\\uD83D\\uDE00", "\\u001f", "\\u0001", "/", "[", "}", ",", ":", "日本語", "\u{2028}",
    ]
    return "\"" + (0..<below(12)).map { _ in pieces[below(pieces.count)] }.joined() + "\""
  }

  private mutating func list(_ count: Int, _ element: (inout Self, Int) -> String) -> String {
    "[" + (0..<count).map { index in "\(space())\(element(&self, index))\(space())" }.joined(separator: ",") + (count == 0 ? space() : "") + "]"
  }

  private mutating func tags() -> String {
    list(below(5)) { generator, _ in
      generator.list(generator.below(5)) { generator, index in index < 2 || generator.below(3) > 0 ? generator.string() : generator.value(depth: 3) }
    }
  }

  private mutating func value(depth: Int) -> String {
    switch below(depth > 0 ? 7 : 5) {
    case 0: return ["true", "false", "null"][below(3)]
    case 1: return ["0", "-1", "1.5", "1e3", "-0.25E-2", "123456789"][below(6)]
    case 2, 3, 4: return string()
    case 5: return list(below(4)) { generator, _ in generator.value(depth: depth - 1) }
    default:
      let pairs = (0..<below(4)).map { "\(space())\"k\($0)\"\(space()):\(space())\(value(depth: depth - 1))\(space())" }
      return "{\(pairs.joined(separator: ","))}"
    }
  }
}
