// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
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

/// An event to be judged, and the rule that it is aimed at.
struct HostileEvent {
  let rule: String
  let raw: [UInt8]
  var source = SourceType.ip4
  /// nil: the scene's present.
  var receivedAt: UInt64?
  /// Judged without being written: what it would leave behind would spoil the state for the next ones.
  var isDry = false
}

/// A hostile state, and the hostile events that are sent to it.
struct HostileShape: Sendable {
  /// `domain.what`.
  let name: String
  /// How large the state is; the upper ends are what the limits allow.
  let state: [Dial]
  /// What the events look like.
  let event: [Dial]
  /// Builds the state, and hands back what makes one event from the event's dials. It looks at `HostileScene.isOver` where it builds much.
  let build: @Sendable (HostileScene, Dials) throws -> (Dials) throws -> HostileEvent

  static let all = crowdfunding + campaignContents + groups + groupContents + collectives + evidence + anybodys
}
