// SPDX-License-Identifier: AGPL-3.0-or-later
import StateStore

/// `scale`: whether deciding one more event stays cheap on a large state.
enum ScaleCommand: Subcommand {
  static let name = "scale"
  static let summary = "fills a large state, and compares deciding on it with a small one"
  static let help = """
    usage: laboratory scale --state DIR [--campaigns N] [--contributions M] [--measure K] [--threads T]

    Fills a state in DIR/large with N campaigns (100000) and M contributions (1000000), and one in DIR/small with 100 campaigns and 1000
    contributions, each event really signed and judged, with durability relaxed. A state that is complete already is used as it is.
    Then decides K more (1000) of each kind on both, and prints medians: (a) the decision alone, on a snapshot; (b) the whole judgement with
    durability relaxed; (c) with durability full.

    example:
      laboratory scale --state /var/tmp/scale
    """

  private static let mapSizeMiB = 8192

  static func run(_ arguments: [String]) throws -> Bool {
    let options = try Options(arguments, values: ["state", "campaigns", "contributions", "measure", "threads"])
    let directory = try options.required("state")
    let threads = try options.number("threads", default: 2)
    let count = try options.number("measure", default: 1000)
    let large = ScaleFill(
      directory: "\(directory)/large", campaigns: max(10, try options.number("campaigns", default: 100_000)),
      contributions: try options.number("contributions", default: 1_000_000))
    let small = ScaleFill(directory: "\(directory)/small", campaigns: 100, contributions: 1000)
    var measured: [ScaleMeasurement] = []
    for fill in [small, large] {
      let next = try fill.run(threads: threads, mapSizeMiB: mapSizeMiB)
      measured.append(
        try ScaleMeasurement(directory: fill.directory, mapSizeMiB: mapSizeMiB, events: fill.events, next: next, count: count))
    }
    report(measured[0], measured[1], small, large)
    return true
  }

  private static func report(_ small: ScaleMeasurement, _ large: ScaleMeasurement, _ smallFill: ScaleFill, _ largeFill: ScaleFill) {
    let (few, many) = (smallFill.events.campaignCount, largeFill.events.campaignCount)
    Output.line("medians in µs: with \(few) campaigns, with \(many), and how many times as much")
    for (title, path) in [
      ("(a) decision alone", \ScaleMeasurement.deciding), ("    its pages touched for the first time", \.touching),
      ("(b) judgement, relaxed", \.relaxed), ("(c) judgement, durable", \.durable),
    ] as [(String, KeyPath<ScaleMeasurement, [ScaleMeasurement.Subject: Double]>)] {
      Output.line(title)
      for subject in ScaleMeasurement.Subject.allCases {
        let (before, after) = (small[keyPath: path][subject] ?? 0, large[keyPath: path][subject] ?? 0)
        let name = subject.rawValue + String(repeating: " ", count: max(1, 30 - subject.rawValue.count))
        Output.line("  \(name)\(fixed(before))  \(fixed(after))  ×\(fixed(after / max(before, 0.001), 2))")
      }
    }
  }
}
