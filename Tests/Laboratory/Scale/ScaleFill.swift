// SPDX-License-Identifier: AGPL-3.0-or-later
import FoundationEssentials
import StateStore

/// Fills one state of the scale test.
struct ScaleFill {
  let directory: String
  let contributions: Int
  let events: ScaleEvents

  init(directory: String, campaigns: Int, contributions: Int) {
    self.directory = directory
    self.contributions = contributions
    events = ScaleEvents(campaignCount: campaigns)
  }

  /// - Returns: the first number that no event of the state has.
  func run(threads: Int, mapSizeMiB: Int) throws -> Int {
    try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    let state = try LaboratoryState(directory: directory, mapSizeMiB: mapSizeMiB, durability: .relaxed)
    let total = events.campaignCount + contributions
    let present = try state.store.read { try $0.journalCount() }
    // Measuring adds events: the numbers used go on from all there are.
    if present >= total { return present + events.campaignCount }
    guard present == 0 else { throw LaboratoryFailure("\(directory) holds another state, or half of this one: remove it") }
    let (events, campaigns) = (events, events.campaignCount)
    let began = Stopwatch.nanoseconds()
    let signed = SigningAhead(count: total, threads: threads) { number in
      number < campaigns ? events.campaign(number) : events.contribution(number - campaigns)
    }
    var done = 0
    while let batch = signed.next() {
      for raw in batch { try state.accept(raw, receivedAt: ScaleEvents.start + UInt64(done) + 2) }
      done += batch.count
      Output.progress("scale: \(done) of \(total) events, \(Int(Double(done) / Stopwatch.seconds(since: began))) a second")
    }
    Output.endProgress()
    try state.store.sync()
    let information = try state.store.information()
    Output.note(
      "scale: \(total) events in \(fixed(Stopwatch.seconds(since: began))) s, \(information.usedBytes >> 20) MiB, in \(directory)")
    return total + campaigns
  }
}
