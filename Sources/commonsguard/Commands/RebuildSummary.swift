// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Judgement
import Policy

/// What a rebuild read, what became of it, and whether its input was whole.
final class RebuildSummary {
  let tally = Tally()
  private var unclaimed = 0
  private var decisions = 0
  private var unreadable = 0
  /// The first of them, for people.
  private var unreadableLines: [String] = []
  /// Still waiting for something that the input did not hold.
  var parked = 0
  var digest = Bytes32.zero
  var settings = Bytes32.zero
  var isKept = true

  private var rows = ExportRows()
  /// What is missing of an export; nil when each came with its end.
  var cut: String? { rows.cut }
  private var bare: Int { rows.bare }

  func see(_ item: EventStream.Item, at place: EventStream.Place) {
    rows.see(item, at: place)
    switch item {
    case .decision: decisions += 1
    case .unreadable(let rejection, _):
      unreadable += 1
      if unreadableLines.count < 10 { unreadableLines.append("  \(place.description): \(rejection.message)") }
    case .event, .trailer, .skipped: return
    }
  }

  func endOfInput() { rows.endOfInput() }

  func count(_ judgement: Judgement) {
    if judgement.decision.isAccept, judgement.owner == nil { unclaimed += 1 } else { tally.count(judgement.decision) }
  }

  /// What the export says that its state was; nil when the input is not one export and nothing else.
  private var expected: ExportTrailer? { rows.onlyTrailer }
  private var differs: Bool { expected.map { $0.settings == settings && $0.digest != digest } ?? false }

  /// An export is complete when every line of it was accepted again, to the same state; of bare events some are always refused.
  var isComplete: Bool { unreadable == 0 && (bare > 0 || tally.refused == 0) && !differs }

  func report(asJSON: Bool) { asJSON ? Console.print(json.line) : lines.forEach(Console.print) }

  private var json: JSONOutput {
    .object([
      ("accepted", .integer(Int64(tally.accepted))), ("unclaimed", .integer(Int64(unclaimed))), ("refused", .integer(Int64(tally.refused))),
      ("reasons", tally.json), ("decisions", .integer(Int64(decisions))), ("unreadable", .integer(Int64(unreadable))),
      ("parked", .integer(Int64(parked))), ("bare", .integer(Int64(bare))), ("kept", .boolean(isKept)),
      ("digest", isKept ? .string(digest.hex) : .null), ("settings", .string(settings.hex)),
      ("exportDigest", .optional(expected?.digest.hex)), ("exportSettings", .optional(expected?.settings.hex)),
    ])
  }

  private var lines: [String] {
    var lines = ["accepted \(tally.accepted), unclaimed \(unclaimed), refused \(tally.refused), operator's decisions \(decisions)"] + tally.lines
    if unreadable > 0 { lines += ["  \(unreadable) lines are neither requests nor events"] + unreadableLines }
    if parked > 0 { lines.append("missing: \(parked) events wait for something that the input did not hold") }
    if bare > 0 {
      lines.append("missing: \(bare) events came without receivedAt and source; older versions of addressable events are not in a relay's export")
    }
    guard isKept else { return lines }
    lines.append("digest \(digest.hex)")
    if let expected, expected.settings != settings {
      lines.append("note: the export was made with other settings (\(expected.settings.hex), here \(settings.hex)): its digest may differ")
    }
    if differs, let expected { lines.append("differs: the export's digest was \(expected.digest.hex), with the same settings") }
    return lines
  }
}
