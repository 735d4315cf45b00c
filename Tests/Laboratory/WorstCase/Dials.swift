// SPDX-License-Identifier: AGPL-3.0-or-later
import TestSupport

/// Something that an attacker can turn: how many of what, how large, which of several.
struct Dial: Sendable {
  let name: String
  let range: ClosedRange<Int>

  init(_ name: String, _ range: ClosedRange<Int>) {
    self.name = name
    self.range = range
  }
}

/// Where each dial of a shape stands.
struct Dials {
  private(set) var values: [String: Int] = [:]

  /// 0 for a dial that the shape does not have.
  subscript(name: String) -> Int {
    get { values[name] ?? 0 }
    set { values[name] = newValue }
  }

  /// As it is written on the command line: `votes=100,ahead=1`.
  var text: String { values.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ",") }

  init() {}

  /// All at their upper ends: the limits.
  init(highest dials: [Dial]) {
    for dial in dials { values[dial.name] = dial.range.upperBound }
  }

  init(random dials: [Dial], _ random: inout SplitMix64) {
    for dial in dials { values[dial.name] = random.within(dial.range) }
  }

  /// Reads what `text` writes; nil when it is written otherwise.
  init?(text: String) {
    for part in text.split(separator: ",") {
      let sides = part.split(separator: "=")
      guard sides.count == 2, let value = Int(sides[1]) else { return nil }
      values[String(sides[0])] = value
    }
  }

  /// One or two of them turned: a little, a lot, or to an end.
  func mutated(_ dials: [Dial], _ random: inout SplitMix64) -> Dials {
    var mutated = self
    for _ in 0..<(1 + Int.random(in: 0...1, using: &random)) {
      guard let dial = dials.randomElement(using: &random) else { break }
      let (low, high) = (dial.range.lowerBound, dial.range.upperBound)
      let value = self[dial.name]
      switch Int.random(in: 0..<5, using: &random) {
      case 0: mutated[dial.name] = high
      case 1: mutated[dial.name] = min(high, max(low, value + (Bool.random(using: &random) ? 1 : -1)))
      case 2: mutated[dial.name] = min(high, max(low, value / 2))
      case 3: mutated[dial.name] = min(high, max(low, value * 2))
      default: mutated[dial.name] = random.within(dial.range)
      }
    }
    return mutated
  }
}

extension SplitMix64 {
  /// A number of a range, small ones as likely as large ones: each order of magnitude has the same chance.
  mutating func within(_ range: ClosedRange<Int>) -> Int {
    let span = range.upperBound - range.lowerBound
    guard span > 16 else { return Int.random(in: range, using: &self) }
    let bits = Int.random(in: 0...(Int.bitWidth - span.leadingZeroBitCount), using: &self)
    return range.lowerBound + min(span, Int.random(in: 0..<(1 << bits), using: &self))
  }
}
