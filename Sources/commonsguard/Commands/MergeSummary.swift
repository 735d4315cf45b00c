// SPDX-License-Identifier: AGPL-3.0-or-later
import Policy

/// What a merge read, and what became of it.
final class MergeSummary {
  private(set) var rows = ExportRows()
  /// Accepted now: at once, or once what they waited for had come.
  var accepted = 0
  /// Accepted before, or nothing to keep.
  var known = 0
  var unclaimed = 0
  /// Of what waited in the state before: judged good now.
  var released = 0
  /// Still waiting for what neither the state nor the input holds.
  var waiting = 0
  /// Refused in the last pass.
  var refused = Tally()
  var passes = 0
  /// Decisions of the other node's operator, which are not taken.
  private var decisions = 0
  private var unreadable = 0
  /// The first of them, for people.
  private var unreadableLines: [String] = []

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

  /// Whether all that the other node had accepted is accepted here; of bare events nothing says that anybody did.
  var isComplete: Bool { unreadable == 0 && (rows.bare > 0 || refused.refused == 0 && waiting == 0) }

  func report(asJSON: Bool) { asJSON ? Console.print(json.line) : lines.forEach(Console.print) }

  private var json: JSONOutput {
    .object([
      ("accepted", .integer(Int64(accepted))), ("known", .integer(Int64(known))), ("unclaimed", .integer(Int64(unclaimed))),
      ("refused", .integer(Int64(refused.refused))), ("reasons", refused.json), ("parked", .integer(Int64(waiting))),
      ("released", .integer(Int64(released))), ("decisions", .integer(Int64(decisions))), ("unreadable", .integer(Int64(unreadable))),
      ("bare", .integer(Int64(rows.bare))), ("passes", .integer(Int64(passes))),
    ])
  }

  private var lines: [String] {
    var lines = ["accepted \(accepted), known \(known), unclaimed \(unclaimed), refused \(refused.refused), parked \(waiting)"] + refused.lines
    if waiting > 0 { lines.append("missing: \(counted(waiting, "event")) wait for something that neither this state nor the input holds") }
    if released > 0 { lines.append("\(counted(released, "event")) that waited here before are accepted now") }
    if decisions > 0 { lines.append("not taken: \(counted(decisions, "decision")) of the other node's operator") }
    if unreadable > 0 { lines += ["  \(unreadable) lines are neither requests nor events"] + unreadableLines }
    return lines
  }
}
