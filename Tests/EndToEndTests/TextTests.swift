// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import TestSupport
import Testing

/// What reaches a terminal, and what happens where nothing can be written or somebody wants an end.
extension EndToEnd {
  @Suite struct TextTests {
    let sandbox: Sandbox
    private let scene = Scene()

    init() throws { sandbox = try Sandbox() }

    /// Turns the writing, hides, moves a cursor (C1), looks like a line's end.
    private static let hostile = "a\u{202E}b\u{200B}c\u{9B}31md\u{2066}e\u{FEFF}f\u{2028}g\u{E0041}h"
    private static let unsafe: Set<Unicode.Scalar> = [
      "\u{202E}", "\u{200B}", "\u{9B}", "\u{2066}", "\u{FEFF}", "\u{2028}", "\u{E0041}", "\u{1B}", "\u{7}",
    ]

    private func isSafe(_ text: String) -> Bool { Self.unsafe.isDisjoint(with: text.unicodeScalars) }

    private var titled: Event {
      Scene.captain.event(
        kind: 30904, createdAt: Scene.began,
        tags: [
          ["d", scene.project], ["title", Self.hostile], ["t", "crowdfunding"], ["t", "UPlanet"], ["project-id", scene.project], ["g", "48.85,2.35"],
          ["p", scene.bien.hex, "", "bien"], ["goal", "ZEN_CONVERTIBLE", "1000", "0"], ["status", "crowdfunding"],
        ], content: Self.hostile)
    }

    @Test("what events say is escaped in text, in JSON and in an export, and means the same")
    func eventTexts() throws {
      let lines = [requestLine(titled), requestLine(GroupScene.opening([GroupScene.alice], meta: "{\"name\":\"\(Self.hostile)\"}"))]
      #expect(try sandbox.run(["replay", "--state", sandbox.statePath], input: Array(lines.joined(separator: [0x0a]))).errors.contains("2 accepted"))
      let commands = ["campaign list", "campaign show \(scene.project)", "group list", "state export", "status"]
      for command in commands.flatMap({ [$0, "\($0) --json"] }) {
        let outcome = try sandbox.run(command.split(separator: " ").map(String.init))
        #expect(outcome.status == 0 && !outcome.output.isEmpty && isSafe(outcome.output), "\(command)")
      }
      #expect(try sandbox.run(["campaign", "show", scene.project, "--json"]).json?["title"] as? String == Self.hostile)
    }

    @Test("an export with escapes is rebuilt to the same digest: the ids hold")
    func escapedExport() throws {
      _ = try sandbox.run(["replay", "--state", sandbox.statePath], input: requestLine(titled))
      let export = try sandbox.run(["state", "export"]).output
      #expect(export.contains("\\u202e") && export.contains("\\udb40\\udc41"))
      let second = "\(sandbox.folder)/second"
      #expect(try sandbox.run(["rebuild", "--state", second], input: utf8(export)).status == 0)
      #expect(try sandbox.run(["state", "export", "--state", second]).output == export)
    }

    @Test("an event that would become too long for relays by its escapes is exported as it came")
    func longEvent() throws {
      let content = String(repeating: "\u{202E}", count: 15_000)
      let event = Scene.captain.event(kind: 30904, createdAt: Scene.began, tags: scene.campaign().plainTags, content: content)
      _ = try sandbox.run(["replay", "--state", sandbox.statePath], input: requestLine(event))
      let export = try sandbox.run(["state", "export"])
      #expect(export.lines.count == 2 && export.output.contains(content))
      #expect(try sandbox.run(["rebuild", "--state", "\(sandbox.folder)/second"], input: utf8(export.output)).status == 0)
    }

    @Test(
      "arguments and paths are escaped before they reach the terminal",
      arguments: [
        ["campaign", "show", "\u{1B}[31m"], ["outbox", "show", "\u{9B}31m"], ["replay", "/no\u{1B}[31m/\u{202E}"],
        ["status", "--state", "/no\u{1B}\n"],
        ["check-config", "--state", "/tmp/\u{1B}[31m\u{202E}"], ["check-config", "--config", "/no\u{7}\u{1B}"], ["--\u{1B}[31m"],
        ["state", "export", "/no\u{1B}/file"], ["collective", "show", "\u{1B}"], ["replay", "--as", "\u{1B}"], ["explain", "\u{1B}\u{200B}"],
      ])
    func arguments(_ arguments: [String]) throws {
      let outcome = try sandbox.run(arguments)
      #expect(isSafe(outcome.output + outcome.errors))
      #expect(!(outcome.output + outcome.errors).isEmpty)
    }

    private static let printing = [
      "status", "status --json", "campaign list", "state digest", "state export", "check-config", "check-config --defaults", "--help", "--version",
      "explain in", "replay in", "campaign vote-status CF-20260101-AB12", "check-config --reference", "rebuild in --state new",
    ]

    /// A command of `printing`, on a state with a campaign.
    private func arguments(_ command: String) throws -> [String] {
      if !FileManager.default.fileExists(atPath: sandbox.statePath) {
        let file = try sandbox.write(scene.campaign().raw, to: "in")
        #expect(try sandbox.run(["replay", "--state", sandbox.statePath, file]).status == 0)
      }
      return command.split(separator: " ").map { $0 == "in" || $0 == "new" ? "\(sandbox.folder)/\($0)" : String($0) }
    }

    @Test("every command that prints notices a full disk, and ends with 1", arguments: printing)
    func fullDisk(command: String) throws {
      let outcome = try sandbox.run(try arguments(command), stdout: "/dev/full")
      #expect(outcome.status == 1)
      #expect(outcome.errors.contains("commonsguard: stdout cannot be written: No space left on device"))
      #expect(try sandbox.leftovers().isEmpty)
    }

    @Test("a reader that went away ends every command quietly, as it ends other filters", arguments: printing)
    func closedPipe(command: String) throws {
      let arguments = try arguments(command)
      for isIgnored in [true, false] {
        let ends = try PipeEnds()
        close(ends.read)
        let input = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { [ends.write, input].forEach { close($0) } }
        let running = try sandbox.start(arguments, stdin: input, stdout: ends.write, ignoresPipeSignal: isIgnored)
        #expect(running.child.end() == .killed(SIGPIPE))
        #expect(running.errors.isEmpty)
        try? FileManager.default.removeItem(atPath: "\(sandbox.folder)/new")
      }
      #expect(try sandbox.leftovers().isEmpty)
    }

    @Test(
      "a signal ends a command that makes something, leaves nothing temporary, and says how far it was",
      arguments: [("replay", SIGINT), ("replay", SIGTERM), ("replay", SIGHUP), ("rebuild", SIGINT), ("rebuild", SIGTERM), ("explain -", SIGTERM)])
    func interrupted(command: String, signal: Int32) throws {
      let ends = try PipeEnds()
      defer { close(ends.read) }
      let running = try sandbox.start(command.split(separator: " ").map(String.init), stdin: ends.read)
      let line = scene.campaign().raw + [0x0a]
      #expect(line.withUnsafeBytes { write(ends.write, $0.baseAddress, $0.count) } == line.count)
      let folder = sandbox.statePath
      // Waits until the line was judged: replay and explain say so, a rebuild has written it.
      #expect(
        waited {
          if command != "rebuild" { return !running.output.isEmpty }
          let inside = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
          let sizes = inside.map { (try? FileManager.default.attributesOfItem(atPath: "\(folder)/\($0)/data.mdb")[.size]) as? Int ?? 0 }
          return sizes.contains { $0 > 0 }
        })
      running.child.kill(signal)
      #expect(running.child.end() == .killed(signal))
      close(ends.write)
      #expect(running.errors.contains(": interrupted"))
      if command == "replay" { #expect(running.errors == "replay: interrupted: 1 accepted, 0 rejected so far\n") }
      #expect(try sandbox.leftovers().isEmpty)
      #expect(!FileManager.default.fileExists(atPath: sandbox.statePath))
    }

    @Test("a signal that the parent had ignored stays ignored")
    func ignoredSignal() throws {
      let outcome = try sandbox.run(["replay"], input: scene.campaign().raw)
      #expect(outcome.status == 0)
      let ends = try PipeEnds()
      defer { close(ends.read) }
      let nohup = try Child(
        ["/bin/sh", "-c", "trap '' HUP; exec \"$PLUGIN\" replay"], environment: sandbox.environment.merging(["PLUGIN": Binary.path]) { $1 },
        .init(standard: (ends.read, open("/dev/null", O_WRONLY | O_CLOEXEC), open("/dev/null", O_WRONLY | O_CLOEXEC))))
      #expect(waited { (try? sandbox.leftovers().isEmpty) == false })
      nohup.kill(SIGHUP)
      close(ends.write)
      #expect(nohup.end() == .exited(0))
    }
  }
}

extension Event {
  /// The tags as texts.
  fileprivate var plainTags: [[String]] { tags.map { tag in (0..<tag.count).compactMap { tag[$0]?.string } } }
}
