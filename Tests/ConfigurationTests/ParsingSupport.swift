// SPDX-License-Identifier: AGPL-3.0-or-later
import Configuration

/// Two keys whose hex and npub forms are known (NIP-19's own example, and a made-up one).
let someKey = "7e7e9c42a91bfef19fa929e5fda1b72e0ebc1a4c1141673e2794234d86addf4e"
let someNpub = "npub10elfcs4fr0l0r8af98jlmgdh9c8tcxjvz9qkw038js35mp4dma8qzvjptg"

/// Parses a text that should be right.
func parse(_ text: String, folder: String = "/etc/commonsguard", environment: [String: String] = ["HOME": "/home/alice"]) throws -> Configuration {
  try Configuration.parse(Array(text.utf8), folder: folder, environment: environment)
}

/// The errors of a text that should be wrong, each as its line: `configuration:1:3: state.path: …`; empty when it is right.
func errors(_ text: String, folder: String = "/etc/commonsguard") -> [String] {
  do {
    _ = try Configuration.parse(Array(text.utf8), folder: folder, environment: [:])
    return []
  } catch {
    return error.errors.map(\.description)
  }
}
