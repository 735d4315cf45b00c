// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import TestSupport
import Testing

/// `check-config`: what the file says, and what lies outside it.
extension EndToEnd {
  @Suite struct CheckConfigTests {
    let sandbox: Sandbox
    private let node = TestKey("node")

    init() throws { sandbox = try Sandbox() }

    private func hex(_ key: TestKey) -> String { key.secret.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() }

    @discardableResult
    private func writeKey(_ text: String, mode: Int = 0o600) throws -> String {
      let file = try sandbox.write(utf8(text), to: "node.key")
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
      return file
    }

    private func program(_ name: String, mode: Int = 0o755) throws -> String {
      let file = try sandbox.write(utf8("#!/bin/sh\n"), to: name)
      try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: file)
      return file
    }

    /// A configuration that delivers; its third line holds the key, its fourth the sink.
    private func configure(delivery: String? = nil, more: String = "") throws {
      try sandbox.configure(
        """
        { state: { durability: "relaxed" },
          node: { publicKey: "\(node.hex)",
            secretKeyFile: "node.key" },
          delivery: { \(delivery ?? "sink: \"file\", file: \"out.jsonl\"") }, \(more) }
        """)
    }

    private func check(_ arguments: [String] = []) throws -> Sandbox.Outcome {
      let outcome = try sandbox.run(["check-config"] + arguments)
      let json = try sandbox.run(["check-config", "--json"] + arguments)
      #expect(json.status == outcome.status && json.json?["valid"] as? Bool == (outcome.status == 0))
      return outcome
    }

    @Test("an installation that fits is valid, without a word on stderr")
    func fits() throws {
      try writeKey(hex(node) + "\n")
      try configure()
      let outcome = try check()
      #expect(outcome.status == 0 && outcome.errors.isEmpty)
      #expect(outcome.output.contains("follow-ups: signed as \(node.hex)"))
      let json = try #require(try sandbox.run(["check-config", "--json"]).json)
      #expect((json["understood"] as? [String])?.count == 5 && (json["settings"] as? String)?.count == 64)
    }

    @Test(
      "a key that cannot sign what this node says is an error where something is delivered, at its place in the file; else a warning",
      arguments: [
        (String?.none, 0o600, "does not exist: put the secret there"), ("", 0o600, "does not hold a secret key"),
        ("garbage", 0o600, "does not hold a secret key"), (String(repeating: "0", count: 64), 0o600, "does not hold a secret key"),
        ("two", 0o600, "does not hold a secret key"), ("other", 0o600, "holds the secret of \(TestKey("other").hex), not of node.publicKey"),
        ("own", 0o644, "may be read or changed by other users (mode 0644)"),
      ])
    func key(_ content: String?, _ mode: Int, _ words: String) throws {
      let text =
        switch content {
        case "two": "\(hex(node))\n\(hex(node))\n"
        case "other": hex(TestKey("other"))
        case "own": hex(node)
        default: content
        }
      if let text { try writeKey(text, mode: mode) }
      try configure()
      let outcome = try check()
      #expect(outcome.status == 78 && outcome.output.isEmpty)
      #expect(outcome.errors.hasPrefix("\(sandbox.configurationFile):3:5: node.secretKeyFile: \(sandbox.folder)/node.key"))
      #expect(outcome.errors.contains(words) && !outcome.errors.contains(hex(node)))
      try configure(delivery: "sink: \"none\"")
      let warned = try check()
      #expect(warned.status == 0 && warned.output.contains("valid"))
      #expect(warned.errors.hasPrefix("warning: ") && warned.errors.contains(words))
    }

    @Test("a key that the relay's user, who owns the state, cannot read is told with the owner", .enabled(if: geteuid() == 0, "needs root"))
    func keyOwner() throws {
      try writeKey(hex(node))
      try configure()
      let state = "\(sandbox.folder)/owned"
      mkdir(state, 0o700)
      chown(state, 65534, 65534)
      let outcome = try check(["--state", state])
      #expect(outcome.status == 78)
      #expect(
        outcome.errors.contains("node.key belongs to root, and nobody, who owns the state, cannot read it: chown nobody \(sandbox.folder)/node.key"))
      chown("\(sandbox.folder)/node.key", 65534, 65534)
      #expect(try check(["--state", state]).status == 0)
    }

    @Test("no key is needed where nothing is signed, and a sink without one is told")
    func noKey() throws {
      try sandbox.configure("{ delivery: { sink: \"file\", file: \"out.jsonl\" } }")
      let outcome = try check()
      #expect(outcome.status == 0 && outcome.errors.contains("warning: configuration: node.publicKey: is not set"))
    }

    @Test(
      "what keeps other relays from agreeing is a warning where other nodes are named, and nothing where none is",
      arguments: [
        ("followUps: { archive: \"none\" }", nil, "followUps.archive: no archive: other relays will not agree"),
        (
          "followUps: { labels: [\"vote-approved\", \"resolved\", \"group-accepted\", \"vote-recorded\"] }", nil,
          "followUps.labels: no labels: other relays will not agree: vote-taken-back left out"
        ),
        ("", "sink: \"none\"", "delivery.sink: no archive: other relays will not agree"),
      ])
    func constellation(_ more: String, _ delivery: String?, _ words: String) throws {
      try writeKey(hex(node))
      try configure(delivery: delivery, more: more)
      #expect(!(try check().errors.contains("other relays will not agree")))
      for nodes in ["crowdfunding: { nodes: [\"\(TestKey("other").hex)\"] }", "groups: { nodes: [\"\(TestKey("other").hex)\"] }"] {
        try configure(delivery: delivery, more: more.isEmpty ? nodes : "\(more), \(nodes)")
        let outcome = try check()
        #expect(outcome.status == 0 && outcome.errors.contains(words))
        #expect(outcome.errors.split(separator: "\n").count { $0.contains("will not agree") } == 1)
      }
    }

    @Test("a constellation without a key of this node is told, and one with all that it needs is not")
    func constellationKey() throws {
      let nodes = "crowdfunding: { nodes: [\"\(TestKey("other").hex)\"] }"
      try sandbox.configure("{ delivery: { sink: \"file\", file: \"out.jsonl\" }, \(nodes) }")
      #expect(try check().errors.contains("node.publicKey: no archive: other relays will not agree"))
      try writeKey(hex(node))
      try configure(more: nodes)
      #expect(try check().errors.isEmpty)
    }

    @Test(
      "the hash of the settings changes with what a rebuild would decide otherwise, and with nothing else",
      arguments: [
        ("collectives: { allowDeletion: true }", true), ("collectives: { dRegex: \"^a\" }", true),
        ("collectives: { validateSatellites: true }", true),
        ("collectives: { validateSatellites: false }", false), ("collectives: { maxSecsPerPubkey: 3 }", false),
        ("crowdfunding: { votes: { voters: \"anyone\" } }", false), ("crowdfunding: { assetsVoteQuorum: 3 }", true),
      ])
    func settings(_ more: String, _ changes: Bool) throws {
      func hash(_ text: String) throws -> String? {
        try sandbox.configure("{ state: { durability: \"relaxed\" }, \(text) }")
        return try sandbox.run(["check-config", "--json"]).json?["settings"] as? String
      }
      let usual = try #require(try hash(""))
      let found = try #require(try hash(more))
      #expect((found != usual) == changes)
    }

    @Test("commands have to be there and executable")
    func commands() throws {
      try writeKey(hex(node))
      let good = try program("import")
      for command in ["\"\(good)\"", "\"sh\", \"-c\", \"cat\""] {
        try configure(delivery: "sink: \"import\", command: [\(command)], confirm: [\(command)]")
        #expect(try check().errors.isEmpty)
      }
      let bad = try program("plain", mode: 0o644)
      for (command, words) in [
        ("/no/such/strfry", "/no/such/strfry cannot be run: No such file or directory"), (bad, "\(bad) is no program that can be run"),
        (sandbox.folder, "\(sandbox.folder) is no program that can be run"), ("no-such-strfry", "no folder of $PATH holds a program no-such-strfry"),
      ] {
        try configure(delivery: "sink: \"import\", command: [\"\(command)\", \"import\"]")
        let outcome = try check()
        #expect(outcome.status == 78 && outcome.errors.contains(":4:31: delivery.command: \(words)"), "\(outcome.errors)")
        try configure(delivery: "sink: \"import\", command: [\"cat\"], confirm: [\"\(command)\"]")
        #expect(try check().errors.contains("delivery.confirm: \(words)"))
      }
    }

    @Test("the sink's file needs its folder")
    func sinkFile() throws {
      try writeKey(hex(node))
      for (file, words) in [
        ("none/out", "its folder \(sandbox.folder)/none cannot be used"), (".", "is a folder"), ("node.key/out", "node.key is no folder"),
      ] {
        try configure(delivery: "sink: \"file\", file: \"\(file)\"")
        let outcome = try check()
        #expect(outcome.status == 78 && outcome.errors.contains("delivery.file") && outcome.errors.contains(words), "\(outcome.errors)")
      }
      try configure()
      #expect(try check().status == 0)
    }

    @Test("headers that are not there, or no headers, are a warning: the relay judges on, and confirms nothing")
    func headers() throws {
      for (content, words) in [(nil, "No such file"), ([UInt8](repeating: 1, count: 81), "it has 81 bytes"), ([], "it has 0 bytes")]
        as [([UInt8]?, String)]
      {
        if let content { try sandbox.write(content, to: "headers") }
        try sandbox.configure("{\n groups: { headersFile: \"headers\" } }")
        let outcome = try check()
        #expect(outcome.status == 0)
        #expect(outcome.errors.hasPrefix("warning: \(sandbox.configurationFile):2:12: groups.headersFile: ") && outcome.errors.contains(words))
      }
      try sandbox.write([UInt8](repeating: 1, count: 160), to: "headers")
      #expect(try check().errors.isEmpty)
    }

    @Test("kinds of groups other than the state's are an error, at their place; without groups they are taken")
    func kinds() throws {
      let kinds = "{ state: { durability: \"relaxed\" },\n groups: { kinds: { init: 4900 } } }"
      try sandbox.accept([Scene.note()])
      try sandbox.configure(kinds)
      #expect(try check().status == 0)
      try sandbox.configure(Sandbox.relaxed)
      try sandbox.accept([GroupScene.opening([GroupScene.alice])])
      try sandbox.configure(kinds)
      let outcome = try check()
      #expect(outcome.status == 78)
      #expect(outcome.errors.hasPrefix("\(sandbox.configurationFile):2:12: groups.kinds: the groups of the state in"))
    }

    @Test("a state that cannot be opened, or made, is an error")
    func state() throws {
      let file = try sandbox.write(utf8("x"), to: "plain")
      #expect(try check(["--state", file]).errors == "configuration: state.path: \(file) is no folder\n")
      #expect(try check(["--state", "\(file)/below"]).status == 78)
      try FileManager.default.createDirectory(atPath: "\(sandbox.folder)/damaged", withIntermediateDirectories: true)
      try sandbox.write([UInt8](repeating: 7, count: 16384), to: "damaged/data.mdb")
      #expect(try check(["--state", "\(sandbox.folder)/damaged"]).status == 78)
      #expect(try check(["--state", "\(sandbox.folder)/made/later"]).status == 0)
      #expect(!FileManager.default.fileExists(atPath: "\(sandbox.folder)/made"))
    }

    @Test("--defaults as JSON has a row for each key")
    func defaults() throws {
      let rows = try sandbox.run(["check-config", "--defaults", "--json"]).lines.map {
        try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
      }
      #expect(rows.count > 100)
      let size = try #require(rows.first { $0["key"] as? String == "state.mapSizeMiB" })
      #expect(size["default"] as? Int == 1024 && size["available"] as? Bool == true && size["meaning"] is String && size["values"] is String)
    }
  }
}
