// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Delivery
import Glibc
import Judgement
import StateStore

/// `state digest` and `state export`.
enum StateCommand {
  static func digest(_ installation: Installation) throws {
    let now = SystemClock.unixMilliseconds() / 1000
    let (digest, outcomes, differs) = try installation.store(isReadOnly: true).read { state in
      (
        try StateDigest.read(reading: state, installation.registry), try StateDigest.outcomes(at: now, reading: state, installation.registry),
        try SettingsNote.differs(installation.configuration, reading: state)
      )
    }
    let settings = SettingsDigest.of(installation.configuration)
    if differs { Console.note("state: it was last run with other settings than these: its digest may be another with them") }
    if installation.arguments.printsJSON {
      let more: [(String, JSONOutput)] = [("outcomes", .object(DigestOutput.members(outcomes))), ("settings", .string(settings.hex))]
      return Console.print(JSONOutput.object(DigestOutput.members(digest) + more).line)
    }
    // The hash of nothing looks like something.
    let nothing = SHA256.digest(of: [])
    for (domain, hash) in digest.domains { Console.print("\(hash == nothing ? padded("none") : hash.hex)  \(domain.name)") }
    Console.print("\(digest.all.hex)  all")
    for (domain, hash) in outcomes.domains { Console.print("\(hash == nothing ? padded("none") : hash.hex)  \(domain.name) outcomes") }
    Console.print("\(outcomes.all.hex)  all outcomes")
    Console.print("\(settings.hex)  settings")
  }

  private static func padded(_ word: String) -> String { word + String(repeating: " ", count: max(0, 64 - word.count)) }

  /// Rows in one snapshot: a snapshot that lasts keeps pages from being used again.
  private static let batch = 1000

  static func export(_ installation: Installation, to file: String?, replaces: Bool) throws {
    let store = try installation.store(isReadOnly: true)
    let output = try ExportFile(file, replaces: replaces)
    let settings = SettingsDigest.of(installation.configuration)
    var progress = Progress("export", total: try store.read { try $0.journalCount() })
    let count = Counter()
    Interruption.watch { "export: interrupted after \(count.value) rows; \(file == nil ? "the end is missing" : "no file is left")" }
    var next: UInt64 = 0
    while true {
      var lines: [UInt8] = []
      var rows = 0
      try store.read { state in
        try state.journal(from: next) { row in
          lines += line(row)
          lines.append(0x0a)
          next = row.sequence + 1
          rows += 1
          return rows < batch
        }
        // The end belongs to the very rows before it: it is made on the snapshot of the last of them.
        guard rows < batch else { return }
        let digest = try StateDigest.read(reading: state, installation.registry)
        let now = SystemClock.unixMilliseconds() / 1000
        let outcomes = try StateDigest.outcomes(at: now, reading: state, installation.registry)
        lines += ExportTrailer.line(rows: UInt64(count.value + rows), digest, settings, outcomes: outcomes, at: now)
        lines.append(0x0a)
      }
      try output.write(lines)
      count.add(rows)
      progress.update(done: count.value, count: count.value)
      if rows < batch { break }
    }
    progress.finish()
    guard let file else { return }
    try output.finish()
    if installation.arguments.printsJSON {
      Console.print(JSONOutput.object([("file", .string(file)), ("rows", .integer(Int64(count.value)))]).line)
    } else {
      Console.note("export: \(count.value) rows in \(file)")
    }
  }

  /// A row with what a terminal would obey escaped, unless the event would become longer than relays take: then it could not be rebuilt.
  private static func line(_ row: JournalRow) -> [UInt8] {
    let line = JournalLine.bytes(row)
    let escaped = SafeText.json(line)
    if escaped.count > line.count, case .event(let raw, _, _, _) = row.content, raw.count + escaped.count - line.count > 65_536 { return line }
    return escaped
  }
}
