// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// What differs between an undisturbed run and one with kills, and what is wrong in either.
struct SoakComparison {
  private(set) var differences: [String] = []

  init(_ streams: [SoakStream], calm: SoakRun.Outcome, killed: SoakRun.Outcome) {
    for (index, stream) in streams.enumerated() {
      compareAnswers(stream, "first", calm.first[index], killed.first[index])
      compareAnswers(stream, "last", calm.last[index], killed.last[index])
    }
    if calm.campaigns != killed.campaigns { differences.append("the campaigns differ:\n\(calm.campaigns)\n\(killed.campaigns)") }
    if calm.digest != killed.digest { differences.append("the digests differ: \(calm.digest) \(killed.digest)") }
    if calm.outbox != killed.outbox {
      let (missing, more) = (Set(calm.outbox).subtracting(killed.outbox), Set(killed.outbox).subtracting(calm.outbox))
      let examples = (missing.sorted() + more.sorted()).prefix(3)
      differences.append("the outboxes differ: \(missing.count) rows are missing, \(more.count) are more; \(examples)")
    }
    if calm.published != killed.published { differences.append("\(calm.published.count) and \(killed.published.count) events were published") }
    if calm.torn > 0 { differences.append("\(calm.torn) torn lines without a kill") }
    for (name, outcome) in [("undisturbed", calm), ("killed", killed)] { check(outcome, name, streams) }
  }

  private mutating func compareAnswers(_ stream: SoakStream, _ which: String, _ calm: [Int: [UInt8]], _ killed: [Int: [UInt8]]) {
    for index in stream.lines.indices where calm[index] != killed[index] || calm[index] == nil {
      let texts = [calm[index], killed[index]].map { $0.map { String(decoding: $0, as: UTF8.self) } ?? "nothing" }
      differences.append("the \(which) answers to line \(index + 1) differ: \(texts[0]) and \(texts[1])")
      if differences.count > 20 { return }
    }
  }

  /// Each follow-up is there once, each accepted contribution and vote has one, and what was published is what the outbox says.
  private mutating func check(_ outcome: SoakRun.Outcome, _ name: String, _ streams: [SoakStream]) {
    let rows = outcome.outbox.map { $0.split(separator: " ").map(String.init) }
    let ids = Set(rows.map { $0[0] })
    if ids.count != rows.count { differences.append("\(name): the outbox holds a follow-up twice") }
    var expected: Set<String> = []
    for (stream, answers) in zip(streams, outcome.last) {
      for (index, line) in stream.lines.enumerated() {
        guard answers[index]?.contains("\"accept\"") == true, let event = DescribeCommand.event(line) else { continue }
        let kind = EventWords(event).kind
        if kind == "contribution" || kind == "vote" { expected.insert(event.id.hex) }
      }
    }
    let triggers = rows.map { $0[2] }
    if triggers.count != expected.count || Set(triggers) != expected {
      differences.append("\(name): \(expected.count) events should have a follow-up, \(Set(triggers).count) have one")
    }
    guard !outcome.published.isEmpty else { return }
    if rows.contains(where: { $0[3] != "delivered" }) { differences.append("\(name): not all follow-ups are delivered") }
    let published = outcome.published.compactMap { (try? Event(parsing: $0))?.id.hex }
    if Set(published) != ids || published.count != ids.count {
      differences.append("\(name): \(published.count) different lines are published for \(ids.count) follow-ups")
    }
  }
}
