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
  /// Its digest of each domain, by the domain's name.
  let domains: [String: Bytes32]
  /// Of the settings that the digest depends on.
  let settings: Bytes32

  static func line(rows: UInt64, _ digest: StateDigest, _ settings: Bytes32) -> [UInt8] {
    let line = JSONOutput.object([
      ("type", .string("end")), ("rows", .unsigned(rows)), ("digest", .object(DigestOutput.members(digest))), ("settings", .string(settings.hex)),
    ]).line
    return Array(line.utf8)
  }

  /// nil when the line is anything else.
  init?(_ document: JSONValue) {
    guard let type = document["type"]?.text, type == "end", case .number(let number)? = document["rows"], let rows = number.decimal,
      let digest = document["digest"]?["all"]?.text?.bytes32, let settings = document["settings"]?.text?.bytes32
    else { return nil }
    self.rows = rows
    self.digest = digest
    self.settings = settings
    var domains: [String: Bytes32] = [:]
    if case .object(let members)? = document["digest"] {
      for domain in StateDigest.covered { domains[domain.name] = members.first { $0.key.equals(domain.name) }?.value.text?.bytes32 }
    }
    self.domains = domains
  }
}

/// How digests are printed.
enum DigestOutput {
  static func members(_ digest: StateDigest) -> [(String, JSONOutput)] {
    digest.domains.map { ($0.domain.name, .string($0.digest.hex)) } + [("all", .string(digest.all.hex))]
  }
}
