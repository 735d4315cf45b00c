// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr

@testable import Delivery

/// A relay's database as `strfry scan` shows it, and what it was asked. `delivery.confirm` is a command, so it is one here too.
struct ScannedRelay {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  var lookup: Confirmer {
    let script = "printf '%s\\n' \"$3\" >> \"$2\"; cat \"$1\"; test ! -e \"$1.broken\""
    return Confirmer(arguments: ["sh", "-c", script, "sh", directory.file("stored"), directory.file("asked")])
  }

  /// It has these events from now on.
  func hold(_ events: [Event]) throws {
    try Data(events.map { $0.raw + [0x0a] }.joined()).write(to: URL(fileURLWithPath: directory.file("stored")))
  }

  /// The command prints what is there, and fails.
  func fail(_ fails: Bool) throws {
    let path = directory.file("stored.broken")
    if fails { try Data().write(to: URL(fileURLWithPath: path)) } else { try FileManager.default.removeItem(atPath: path) }
  }

  /// The filters that it was asked with.
  var questions: [String] { directory.lines("asked") }

  func wasAsked(for event: Event) -> Bool { questions.contains { $0.contains(event.id.hex) } }
}
