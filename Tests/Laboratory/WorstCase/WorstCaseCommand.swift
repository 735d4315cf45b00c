// SPDX-License-Identifier: AGPL-3.0-or-later

/// `worst-case`: looks for events that cost much.
enum WorstCaseCommand: Subcommand {
  static let name = "worst-case"
  static let summary = "looks for events that are dear to judge, in hostile states"
  static let help = """
    usage: laboratory worst-case [--seed S] [--seconds N] [--kind NAME] [--at DIALS] [--top N]

    Builds states as an attacker would, up to the limits, and judges hostile events on them in this process, on a relaxed state in a temporary
    directory, with all domains. It turns the dials of the dearest event found so far. Prints the dearest for each rule: microseconds of processor
    time, bytes, microseconds a byte, the answer, and what repeats it. Ends with 1 when one costs over 20 ms (up to 64 KiB) or 1 µs a byte (larger).

      --seed S      the seed of keys and choices (1)
      --seconds N   how long altogether, about (600); large states need it
      --kind NAME   only shapes whose name begins so: `groups`, `crowdfunding.votes`; more than one with commas
      --at DIALS    only this state and event, as a find names them
      --top N       how many of the dearest are printed (all that are over, and 40)
      --list        names the shapes

    Processor time depends on the machine and on what else it does: the first line says what one verification costs here, now.

    example:
      laboratory worst-case --kind groups --seconds 60
    """

  static func run(_ arguments: [String]) throws -> Bool {
    let options = try Options(arguments, values: ["seed", "seconds", "kind", "at", "top"], flags: ["list"])
    _ = try options.operands(0)
    let wanted = (options.text("kind") ?? "").split(separator: ",").map(String.init)
    let shapes = HostileShape.all.filter { shape in wanted.isEmpty || wanted.contains { shape.name.hasPrefix($0) } }
    if options.has("list") {
      for shape in shapes { Output.line("\(shape.name)  \((shape.state + shape.event).map { "\($0.name) \($0.range)" }.joined(separator: ", "))") }
      return true
    }
    guard !shapes.isEmpty else { throw UsageError(message: "there is no shape of that name; --list names them") }
    let dials = try options.text("at").map { text in
      guard let dials = Dials(text: text) else { throw UsageError(message: "--at wants name=number,…") }
      return dials
    }
    let seed = UInt64(try options.number("seed", default: 1))
    let seconds = Double(try options.number("seconds", default: 600)) / Double(shapes.count)
    Output.line("one verification: \(fixed(try Yardstick().processorMicroseconds(), 0)) µs")
    var found: [WorstCase] = []
    var failures = 0
    for shape in shapes {
      var search = WorstCaseSearch(shape, seed: seed, dials: dials)
      do { try search.run(seconds: seconds) } catch {
        Output.note("worst-case: \(shape.name): \(error)")
        failures += 1
      }
      found += search.dearest.values
      Output.endProgress()
      let top = search.dearest.values.max { $0.cost.microseconds < $1.cost.microseconds }
      Output.note("\(shape.name): \(search.judged) events judged, the dearest \(top.map { fixed($0.cost.microseconds, 0) } ?? "–") µs")
    }
    return report(found, atLeast: try options.number("top", default: 40)) && failures == 0
  }

  private static func report(_ found: [WorstCase], atLeast count: Int) -> Bool {
    let sorted = found.sorted { $0.cost.microseconds / $0.cost.limit > $1.cost.microseconds / $1.cost.limit }
    let over = sorted.prefix { $0.cost.isOver }.count
    for worst in sorted.prefix(max(over, count)) { Output.line(worst.text) }
    Output.line(
      over == 0 ? "none of \(found.count) rules' dearest events is over its limit" : "\(over) of \(found.count) rules have events over their limit")
    return over == 0
  }
}
