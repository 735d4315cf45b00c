// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Judgement
import Nostr

/// The last line of an export: it tells a whole one from one that was cut, and what a rebuild of it must come to. Source: operating, *Commands*.
struct ExportTrailer {
  /// The lines before it.
  let rows: UInt64
  /// `all`, of the state that was exported.
  let digest: Bytes32
  /// Its digest of each domain, by the domain's name.
  let domains: [String: Bytes32]
  /// What the node had decided, by the domain's name, and when: Unix seconds. nil in an export by a program that did not say.
  let outcomes: (at: UInt64, domains: [String: Bytes32])?
  /// Of the settings that the digest depends on.
  let settings: Bytes32

  /// - Parameter outcomes: as they are at `now`, in Unix seconds.
  static func line(rows: UInt64, _ digest: StateDigest, _ settings: Bytes32, outcomes: StateDigest, at now: UInt64) -> [UInt8] {
    let line = JSONOutput.object([
      ("type", .string("end")), ("rows", .unsigned(rows)), ("digest", .object(DigestOutput.members(digest))), ("settings", .string(settings.hex)),
      ("at", .unsigned(now)), ("outcomes", .object(DigestOutput.members(outcomes))),
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
    domains = Self.domains(document["digest"])
    if case .number(let number)? = document["at"], let at = number.decimal, let found = document["outcomes"] {
      outcomes = (at, Self.domains(found))
    } else {
      outcomes = nil
    }
  }

  private static func domains(_ value: JSONValue?) -> [String: Bytes32] {
    guard case .object(let members)? = value else { return [:] }
    return StateDigest.covered.reduce(into: [:]) { found, domain in
      found[domain.name] = members.first { $0.key.equals(domain.name) }?.value.text?.bytes32
    }
  }
}

/// How digests are printed.
enum DigestOutput {
  static func members(_ digest: StateDigest) -> [(String, JSONOutput)] {
    digest.domains.map { ($0.domain.name, .string($0.digest.hex)) } + [("all", .string(digest.all.hex))]
  }
}
