// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Glibc
import Nostr
import TestSupport
import Testing

/// How the plugin lives and dies under strfry (strfry protocol, *Life of the process*).
extension EndToEnd {
  @Suite struct LifeTests {
    let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    private func started(shell: String? = nil, extra: Int32? = nil, blockedSignals: [Int32] = [], ignoresPipeSignal: Bool = true) throws -> Relay {
      let relay = try Relay(sandbox, shell: shell, extra: extra, blockedSignals: blockedSignals, ignoresPipeSignal: ignoresPipeSignal)
      let event = Scene.note()
      #expect(try relay.judge(event) == .accept(event.id.hex))
      return relay
    }

    @Test("The first request of a new installation is answered")
    func firstAnswer() throws {
      let relay = try started()
      #expect(relay.isSilent())
    }

    @Test("SIGTERM ends it at once, with stdin still open and a request half written")
    func termination() throws {
      let relay = try started()
      try relay.sendRaw(utf8("{\"event\":{"))
      relay.child.kill(SIGTERM)
      #expect(relay.child.end() == .killed(SIGTERM))
    }

    @Test("SIGTERM ends it, though its parent had blocked it")
    func blockedTermination() throws {
      let relay = try started(blockedSignals: [SIGTERM, SIGUSR1])
      relay.child.kill(SIGTERM)
      #expect(relay.child.end() == .killed(SIGTERM))
    }

    @Test("End of file ends it with status 0")
    func endOfFile() throws {
      let relay = try started()
      relay.closeInput()
      #expect(relay.child.end() == .exited(0))
      #expect(relay.isSilent())
    }

    @Test("A last request without a newline is answered before end of file ends it")
    func lastLine() throws {
      let relay = try started()
      let event = Scene.note("last")
      try relay.sendRaw(requestLine(event))
      relay.closeInput()
      #expect(try relay.answer() == .accept(event.id.hex))
      #expect(relay.child.end() == .exited(0))
    }

    @Test("Its parent's death ends it, though its stdin stays open")
    func parentDeath() throws {
      let relay = try started(shell: "\"$PLUGIN\"; true")
      let shell = relay.child.processID
      let children = try String(contentsOfFile: "/proc/\(shell)/task/\(shell)/children", encoding: .utf8)
      let plugin = try #require(children.split(separator: " ").first.flatMap { pid_t($0) })
      #expect(!isOver(plugin))
      relay.child.kill(SIGKILL)
      #expect(relay.child.end() == .killed(SIGKILL))
      #expect(waited { isOver(plugin) })
    }

    @Test("Wired with exec, or without, it answers", arguments: ["exec \"$PLUGIN\"", "\"$PLUGIN\"", "\"$PLUGIN\" run"])
    func wiring(shell: String) throws {
      let relay = try started(shell: shell)
      relay.closeInput()
      #expect(relay.child.end() == .exited(0))
    }

    @Test("Descriptors from 3 up that it inherits are closed")
    func inheritedDescriptors() throws {
      let marker = try sandbox.write([], to: "inherited")
      let relay = try started(shell: "exec 3<'\(marker)' 5<'\(marker)' 9>>'\(marker)'; exec \"$PLUGIN\"")
      let folder = "/proc/\(relay.child.processID)/fd"
      let open = try FileManager.default.contentsOfDirectory(atPath: folder).map {
        try FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")
      }
      #expect(!open.contains(marker))
      #expect(open.contains { $0.hasSuffix("data.mdb") })
    }

    @Test("A later plugin that inherits an earlier one's pipe does not keep it from its end of file")
    func inheritedPipe() throws {
      let first = try started()
      let second = try started(extra: first.input)
      first.closeInput()
      #expect(first.child.end() == .exited(0))
      let event = Scene.note("second")
      #expect(try second.judge(event) == .accept(event.id.hex))
    }

    @Test("A relay that no longer reads ends it quietly", arguments: [true, false])
    func brokenPipe(ignoresPipeSignal: Bool) throws {
      let relay = try started(ignoresPipeSignal: ignoresPipeSignal)
      relay.closeOutput()
      try relay.send(requestLine(Scene.note("unread")))
      #expect(relay.child.end() == .exited(0))
      #expect(!relay.log.contains("error"))
    }

    @Test("SIGUSR1, blocked on arrival as strfry leaves it or not, does no harm", arguments: [[SIGUSR1], []])
    func userSignal(blocked: [Int32]) throws {
      let relay = try started(blockedSignals: blocked)
      relay.child.kill(SIGUSR1)
      let event = Scene.note("after the signal")
      #expect(try relay.judge(event) == .accept(event.id.hex))
    }

    @Test("A hundred requests that come at once get a hundred answers, in order")
    func lockStep() throws {
      let relay = try started()
      let events = (0..<100).map { Scene.note("note \($0)") }
      for event in events { try relay.send(requestLine(event)) }
      for event in events { #expect(try relay.answer() == .accept(event.id.hex)) }
      #expect(relay.isSilent())
    }
  }
}
