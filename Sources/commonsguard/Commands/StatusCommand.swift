// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import Policy
import StateStore

/// `status`: counters, latency, outbox, state sizes.
enum StatusCommand {
  static func run(_ installation: Installation) throws {
    let store = try installation.store(isReadOnly: true)
    let counters = try CounterFile.sum(directory: installation.configuration.state.path + "/counters")
    let information = try store.information()
    let (outbox, deferred, parked, disputed, stored) = try store.read {
      (
        try $0.outboxCounts(), try $0.deferredCount(), try $0.parkedCount(), try CrowdfundingState.disputedCount(reading: $0),
        try $0.storedCounts()
      )
    }
    let notes = ConstellationNote.findings(installation.configuration)
    let byPrefix = RejectionPrefix.allCases.map { ($0.rawValue, counters.rejected($0)) }.filter { $0.1 > 0 }
    let (p50, p99, max) = (counters.latency.percentile(0.5), counters.latency.percentile(0.99), counters.latency.maxMicroseconds)
    guard !installation.arguments.printsJSON else {
      let outboxMembers: [(String, JSONOutput)] = [
        ("due", .integer(Int64(outbox.due))), ("delivered", .integer(Int64(outbox.delivered))), ("held", .integer(Int64(outbox.held))),
        ("failed", .integer(Int64(outbox.failed))), ("deferred", .integer(Int64(deferred))),
      ]
      // No money moves in this version: every transfer is posted at once.
      let settlement: [(String, JSONOutput)] = [
        ("driver", .string("none")), ("pending", .integer(0)), ("unknown", .integer(0)), ("disputed", .integer(Int64(disputed))),
      ]
      Console.print(
        JSONOutput.object([
          (
            "events",
            .object([
              ("accepted", .unsigned(counters.accepted)), ("rejected", .unsigned(counters.rejected)), ("faults", .unsigned(counters.faults)),
              ("byPrefix", .object(byPrefix.map { ($0.0, .unsigned($0.1)) })),
            ])
          ),
          ("latencyMicroseconds", .object([("p50", .unsigned(p50)), ("p99", .unsigned(p99)), ("max", .unsigned(max))])),
          ("outbox", .object(outboxMembers)), ("settlement", .object(settlement)), ("parkedEvents", .integer(Int64(parked))),
          ("stored", .object([("confirmed", .unsigned(stored.confirmed)), ("redelivered", .unsigned(stored.redelivered))])),
          ("warnings", .array(notes.map { .string("\($0.key): \($0.message)") })),
          (
            "state",
            .object([
              ("path", .string(installation.configuration.state.path)), ("bytes", .integer(Int64(information.usedBytes))),
              ("limitBytes", .integer(Int64(information.limitBytes))), ("schema", .unsigned(information.schemaVersion)),
              ("entries", .object(information.entries.map { ($0.table, .integer(Int64($0.count))) })),
            ])
          ),
        ]).line)
      return
    }
    Console.print("events   \(counters.accepted) accepted, \(counters.rejected) rejected, \(counters.faults) faults")
    for (prefix, count) in byPrefix { Console.print("         \(count) \(prefix)") }
    Console.print(max == 0 ? "latency  nothing measured yet" : "latency  p50 \(p50) µs, p99 \(p99) µs, max \(max) µs")
    Console.print(
      "outbox   \(outbox.due) due, \(outbox.delivered) delivered, \(outbox.held) held, \(outbox.failed) failed, \(deferred) deferred")
    if disputed > 0 { Console.print("disputed \(counted(disputed, "campaign")): see campaign list, campaign resolve") }
    if !installation.configuration.delivery.confirm.isEmpty || stored.lookedUpTo > 0 {
      Console.print("stored   \(stored.confirmed) found in the relay, \(stored.redelivered) missing and delivered again")
    }
    Console.print("waiting  \(counted(parked, "parked event")) for what they name")
    for note in notes { Console.print("warning  \(note.key): \(note.message)") }
    Console.print("state    \(installation.configuration.state.path): \(information.usedBytes >> 10) KiB of \(information.limitBytes >> 20) MiB")
    for (table, count) in information.entries where count > 0 { Console.print("         \(count) \(table)") }
  }
}
