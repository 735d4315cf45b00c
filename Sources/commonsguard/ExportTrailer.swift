// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Judgement
import Nostr

/// The last line of an export: it tells a whole one from one that was cut, and what a rebuild of it must come to. Source: operating, *Commands*.
struct ExportTrailer: Equatable {
  /// The lines before it.
  let rows: UInt64
  /// `all`, of the state that was exported.
  let digest: Bytes32
  /// Of the settings that the digest depends on.
  let settings: Bytes32

  static func line(rows: UInt64, _ digest: StateDigest, _ settings: Bytes32) -> [UInt8] {
    let line = JSONOutput.object([
      ("type", .string("end")), ("rows", .unsigned(rows)), ("digest", .object(DigestOutput.members(digest))), ("settings", .string(settings.hex)),
    ]).line
    return Array(line.utf8)
  }

  init(rows: UInt64, digest: Bytes32, settings: Bytes32) {
    self.rows = rows
    self.digest = digest
    self.settings = settings
  }

  /// nil when the line is anything else.
  init?(_ document: JSONValue) {
    guard let type = document["type"]?.text, type == "end", case .number(let number)? = document["rows"], let rows = number.decimal,
      let digest = document["digest"]?["all"]?.text?.bytes32, let settings = document["settings"]?.text?.bytes32
    else { return nil }
    self.init(rows: rows, digest: digest, settings: settings)
  }
}

/// How digests are printed.
enum DigestOutput {
  static func members(_ digest: StateDigest) -> [(String, JSONOutput)] {
    digest.domains.map { ($0.domain.name, .string($0.digest.hex)) } + [("all", .string(digest.all.hex))]
  }
}
