// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import TestSupport
import Testing

/// The command line: help, wrong usage, configuration, exit statuses (contract, *Commands*).
extension EndToEnd {
  @Suite struct UsageTests {
    let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    @Test(
      "--help prints the commands on stdout and does nothing else",
      arguments: [["--help"], ["-h"], ["replay", "--help"], ["campaign", "--help"], ["campaign", "trust", "--help"]])
    func help(arguments: [String]) throws {
      let outcome = try sandbox.run(arguments)
      #expect(outcome.status == 0)
      #expect(outcome.output.hasPrefix("usage: commonsguard"))
      #expect(outcome.errors.isEmpty)
      #expect(!FileManager.default.fileExists(atPath: sandbox.statePath))
    }

    @Test("--version prints the version on stdout", arguments: [["--version"], ["status", "--version"]])
    func version(arguments: [String]) throws {
      let outcome = try sandbox.run(arguments)
      #expect(outcome.status == 0)
      #expect(outcome.output.wholeMatch(of: /commonsguard \d+\.\d+\.\d+\n/) != nil)
    }

    @Test(
      "Wrong usage ends with 2, says why on stderr and prints no result",
      arguments: [
        ["nonsense"], ["--nonsense"], ["campaign"], ["campaign", "nonsense"], ["campaign", "show"], ["campaign", "show", "a", "b"],
        ["status", "--once"],
        ["replay", "--as", "Nowhere"], ["outbox", "show", "abc"], ["explain"], ["campaign", "trust"], ["--config"], ["status", "--config="],
        ["campaign", "show", "not a project"], ["doctor"], ["economy", "swarm"], ["replay", "-", "-"], ["status", "extra"],
        ["state", "merge"], ["state", "diff"], ["state", "merge", "a", "b"], ["state", "diff", "a", "b"], ["state", "diff", "a", "--force"],
      ])
    func wrongUsage(arguments: [String]) throws {
      let outcome = try sandbox.run(arguments)
      #expect(outcome.status == 2)
      #expect(outcome.output.isEmpty)
      #expect(outcome.errors.hasPrefix("commonsguard: "))
      #expect(outcome.errors.split(separator: "\n").count == 1)
    }

    @Test("What was typed is escaped before it reaches the terminal")
    func escapedUsage() throws {
      let outcome = try sandbox.run(["\u{1b}[31mred"])
      #expect(outcome.status == 2)
      #expect(!outcome.errors.contains("\u{1b}"))
    }

    @Test("check-config of a good configuration ends with 0")
    func goodConfiguration() throws {
      let outcome = try sandbox.run(["check-config"])
      #expect(outcome.status == 0)
      #expect(outcome.output.contains("valid"))
      #expect(try sandbox.run(["check-config", "--json"]).json?["valid"] as? Bool == true)
    }

    @Test(
      "check-config of a wrong one ends with 78, and names the key and the line",
      arguments: [
        ("{\n  verify: \"perhaps\"\n}", "verify", ":2"), ("{\n\n  stat: {}\n}", "stat", ":3"),
        ("{\n  state: { mapSizeMiB: \"much\" } }", "state.mapSizeMiB", ":2"),
      ])
    func wrongConfiguration(text: String, key: String, line: String) throws {
      try sandbox.configure(text)
      let outcome = try sandbox.run(["check-config"])
      #expect(outcome.status == 78)
      #expect(outcome.output.isEmpty)
      #expect(outcome.errors.contains(key) && outcome.errors.contains(line))
      let json = try sandbox.run(["check-config", "--json"])
      #expect(json.status == 78)
      #expect(json.json?["valid"] as? Bool == false)
      #expect((json.json?["errors"] as? [[String: Any]])?.first?["key"] as? String == key)
    }

    @Test("What check-config --defaults prints is a valid configuration")
    func defaults() throws {
      let defaults = try sandbox.run(["check-config", "--defaults"])
      #expect(defaults.status == 0)
      try sandbox.configure(defaults.output)
      #expect(try sandbox.run(["check-config"]).status == 0)
    }

    @Test(
      "Every command but run ends with 78 on a wrong configuration",
      arguments: ["status", "state digest", "campaign list", "outbox list", "replay", "rebuild"])
    func wrongConfigurationElsewhere(command: String) throws {
      try sandbox.configure("{ mistake: 1 }")
      let outcome = try sandbox.run(command.split(separator: " ").map(String.init))
      #expect(outcome.status == 78)
      #expect(outcome.output.isEmpty)
      #expect(outcome.errors.contains("mistake"))
    }

    @Test(
      "Commands on what exists end with 74 where there is no state, and make none",
      arguments: [
        "status", "state digest", "state export", "campaign list", "outbox list", "campaign show CF-1", "campaign trust CF-1 --by a --reason b",
      ])
    func missingState(command: String) throws {
      let outcome = try sandbox.run(command.split(separator: " ").map(String.init))
      #expect(outcome.status == 74)
      #expect(outcome.output.isEmpty)
      #expect(outcome.errors.contains(sandbox.statePath))
      #expect(!FileManager.default.fileExists(atPath: sandbox.statePath))
    }

    @Test("Commands that write end with 74 where the state cannot be made", arguments: ["replay", "rebuild"])
    func impossibleState(command: String) throws {
      let file = try sandbox.write([], to: "occupied")
      #expect(try sandbox.run([command, "--state", file]).status == 74)
      #expect(try sandbox.run([command, "--state", "/proc/no/state"]).status == 74)
    }

    @Test("No secret reaches the output, whether the key file is good or not", arguments: [UInt16(0o600), 0o644])
    func secrets(mode: UInt16) throws {
      let key = TestKey("node")
      let hex = key.secret.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
      let file = try sandbox.write(Array((hex + "\n").utf8), to: "node.key")
      try FileManager.default.setAttributes([.posixPermissions: NSNumber(value: mode)], ofItemAtPath: file)
      try sandbox.configure("{ node: { publicKey: \"\(key.hex)\", secretKeyFile: \"\(file)\" } }")
      let relay = try Relay(sandbox)
      _ = try relay.judge(Scene.note())
      var texts = [relay.log]
      for command in [["check-config"], ["check-config", "--json"], ["status"], ["status", "--json"], ["deliver", "--once"]] {
        let outcome = try sandbox.run(command)
        texts += [outcome.output, outcome.errors]
      }
      #expect(texts.allSatisfy { !$0.contains(hex) && !$0.contains("nsec1") })
    }

    @Test("A secret written into the configuration itself is refused, and not repeated")
    func secretInConfiguration() throws {
      let secret = "nsec1" + String(repeating: "q", count: 58)
      for text in ["{ node: { secretKey: \"\(secret)\" } }", "{ node: { publicKey: \"\(secret)\" } }", "{ node: { secretKeyFile: \"\(secret)\" } "] {
        try sandbox.configure(text)
        for command in [["check-config"], ["check-config", "--json"]] {
          let outcome = try sandbox.run(command)
          #expect(outcome.status == 78)
          #expect(!(outcome.output + outcome.errors).contains(secret), "\(text): \(outcome.output + outcome.errors)")
        }
      }
    }
  }
}
