// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Judgement

/// How `state diff` tells what it finds: settings first, since the same events under others come to other figures; then the figures; then events.
final class DiffOutput {
  enum Side: String { case here, there }

  private let asJSON: Bool
  private var counts: [Side: [UInt64: Int]] = [:]
  /// The first of them, for people.
  private var first: [Side: [DiffEvent]] = [:]
  private static let shown = 20
  /// How many domains differ, by what is compared.
  private var differing: [String: Int] = [:]
  private var hasSameSettings: Bool?

  init(asJSON: Bool) { self.asJSON = asJSON }

  /// No side lacks an event, and no figures differ.
  var isSame: Bool { counts.isEmpty && differing.isEmpty }

  /// - Parameter trailer: nil where the other side is no export, and has no figures.
  func compare(settings: Bytes32, with trailer: ExportTrailer?) {
    hasSameSettings = trailer.map { $0.settings == settings }
    if asJSON {
      row([("what", .string("settings"))], settings, trailer?.settings)
    } else if let trailer {
      Console.print(
        trailer.settings == settings
          ? "settings      the same"
          : "settings      differ (here \(settings.hex), there \(trailer.settings.hex)): figures of the same events may too")
    } else {
      Console.print("settings      not known of bare events, and no figures to compare")
    }
  }

  /// - Parameters:
  ///   - what: digest (of events) or outcomes (of what is decided).
  ///   - others: by the domain's name; nil where the other side has none.
  func compare(_ what: String, _ digest: StateDigest, with others: [String: Bytes32]?) {
    for (domain, hash) in digest.domains {
      let other = others?[domain.name]
      if let other, other != hash { differing[what, default: 0] += 1 }
      if asJSON {
        row([("what", .string(what)), ("domain", .string(domain.name))], hash, other)
      } else if let other, other != hash {
        let words = what == "digest" ? "differs" : "is decided otherwise"
        Console.print("\(padded(domain.name))\(words) (here \(hash.hex), there \(other.hex))")
      } else if other != nil, what == "digest" {
        Console.print("\(padded(domain.name))the same")
      }
    }
  }

  func event(_ event: DiffEvent, lackedBy side: Side) {
    counts[side, default: [:]][event.kind, default: 0] += 1
    if asJSON {
      Console.print(
        JSONOutput.object([
          ("what", .string("event")), ("lackedBy", .string(side.rawValue)), ("id", .string(event.id.hex)), ("kind", .unsigned(event.kind)),
          ("author", .string(event.author.hex)), ("createdAt", .unsigned(event.createdAt)),
        ]).line)
    } else if first[side, default: []].count < Self.shown {
      first[side, default: []].append(event)
    }
  }

  /// - Parameter unreadable: lines of the other side.
  func finish(unreadable: Int) {
    if asJSON {
      Console.print(
        JSONOutput.object([
          ("what", .string("end")), ("lackedHere", .integer(Int64(count(.here)))), ("lackedThere", .integer(Int64(count(.there)))),
          ("differingDigests", .integer(Int64(differing["digest"] ?? 0))), ("differingOutcomes", .integer(Int64(differing["outcomes"] ?? 0))),
          ("unreadable", .integer(Int64(unreadable))), ("same", .boolean(isSame)),
        ]).line)
      return
    }
    for side in [Side.here, .there] {
      let kinds = (counts[side] ?? [:]).sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) of kind \($0.key)" }
      let sum = count(side)
      Console.print("\(padded("lacked \(side.rawValue)"))\(counted(sum, "event"))\(sum > 0 ? ": \(kinds.joined(separator: ", "))" : "")")
      for event in first[side] ?? [] { Console.print("  \(event.id.hex) of kind \(event.kind) by \(event.author.hex)") }
      if sum > Self.shown { Console.print("  and \(sum - Self.shown) more, which --json prints") }
    }
    if unreadable > 0 { Console.print("\(unreadable) lines are neither requests nor events") }
    if counts.isEmpty, differing["digest"] != nil, hasSameSettings == true {
      Console.print(
        "the same events under the same settings come to other figures: an operator decided something on one side alone, or a program is at fault")
    }
  }

  private func count(_ side: Side) -> Int { counts[side]?.values.reduce(0, +) ?? 0 }

  private func row(_ members: [(String, JSONOutput)], _ here: Bytes32, _ there: Bytes32?) {
    Console.print(
      JSONOutput.object(
        members + [("here", .string(here.hex)), ("there", .optional(there?.hex)), ("same", there.map { .boolean($0 == here) } ?? .null)]
      ).line)
  }

  private func padded(_ word: String) -> String { word + String(repeating: " ", count: max(1, 14 - word.count)) }
}
