// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography

/// `demo-config`: a configuration for the demo, with the node's test key.
enum DemoConfigurationCommand: Subcommand {
  static let name = "demo-config"
  static let summary = "writes the demo's configuration and its node's test key"
  static let help = """
    usage: laboratory demo-config DIRECTORY

    Writes config.json5 and node.key (mode 0600) into DIRECTORY. Receipts go to DIRECTORY/published.jsonl, the state to DIRECTORY/state.

    example:
      laboratory demo-config /tmp/demo
    """

  static func run(_ arguments: [String]) throws -> Bool {
    let directory = try Options(arguments, values: []).operands(1)[0]
    try TextFile.write(Hex.string(DemoCast.node.secret) + "\n", to: "\(directory)/node.key", mode: 0o600)
    try TextFile.write(
      """
      // The demo's: a node key, and a file instead of the relay for what the node publishes.
      {
        state: { path: "\(directory)/state" },
        node: { publicKey: "\(DemoCast.node.hex)", secretKeyFile: "\(directory)/node.key" },
        followUps: { receipts: true, labels: true, snapshots: true },
        delivery: { sink: "file", file: "\(directory)/published.jsonl" },
      }

      """, to: "\(directory)/config.json5")
    return true
  }
}
