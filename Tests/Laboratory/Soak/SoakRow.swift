// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// A row of `outbox list --json`, without what differs between runs: attempts and times.
struct SoakRow {
  let text: String

  init(_ line: [UInt8]) throws {
    guard let document = Text(validating: line), let row = JSONValue(parsing: document), let id = row["id"]?.text, let trigger = row["trigger"]?.text,
      let followUp = row["followUp"]?.text, let state = row["state"]?.text
    else { throw LaboratoryFailure("a row of the outbox cannot be read") }
    text = "\(id) \(followUp) \(trigger) \(state)"
  }
}
