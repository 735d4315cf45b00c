// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import TestSupport
import Testing

/// With an unusable configuration or state the plugin stays, answers `error:`, and tries again each second.
extension EndToEnd {
  @Suite struct AvailabilityTests {
    private let note = Scene.note()

    /// Asks about the note until the answer is this one.
    private func becomes(_ answer: Relay.Answer, _ relay: Relay) throws -> Bool {
      for _ in 0..<100 {
        if try relay.judge(note) == answer { return true }
        usleep(100_000)
      }
      return false
    }

    @Test(
      "A wrong configuration is answered error: not configured, until it is mended",
      arguments: ["{ verify: \"perhaps\" }", "{ unknownKey: 1 }", "nonsense {", ""])
    func wrongConfiguration(text: String) throws {
      let sandbox = try Sandbox(configuration: text)
      let relay = try Relay(sandbox)
      #expect(try relay.judge(note) == .reject(note.id.hex, "error: not configured"))
      #expect(relay.log.contains("config.json5"))
      try sandbox.configure(Sandbox.relaxed)
      #expect(try becomes(.accept(note.id.hex), relay))
    }

    @Test("A configuration file that is named and missing is answered error: not configured, until it is there")
    func missingConfiguration() throws {
      let sandbox = try Sandbox(configuration: nil)
      let relay = try Relay(sandbox)
      #expect(try relay.judge(note) == .reject(note.id.hex, "error: not configured"))
      try sandbox.configure(Sandbox.relaxed)
      #expect(try becomes(.accept(note.id.hex), relay))
    }

    @Test("A request that cannot be read is answered invalid: even without a configuration")
    func garbageWithoutConfiguration() throws {
      let sandbox = try Sandbox(configuration: "nonsense")
      let relay = try Relay(sandbox)
      #expect(try relay.judge(utf8("garbage")).message?.hasPrefix("invalid: ") == true)
      #expect(try relay.judge(note) == .reject(note.id.hex, "error: not configured"))
    }

    @Test("A state whose path is a file is answered error: state unavailable, until it can be made")
    func stateIsFile() throws {
      let sandbox = try Sandbox()
      let file = try sandbox.write([], to: "occupied")
      let relay = try Relay(sandbox, arguments: ["run", "--state", file])
      #expect(try relay.judge(note) == .reject(note.id.hex, "error: state unavailable"))
      #expect(relay.log.contains("error"))
      try FileManager.default.removeItem(atPath: file)
      #expect(try becomes(.accept(note.id.hex), relay))
    }

    @Test("A state where nothing can be made is answered error: state unavailable, until another path is configured")
    func unwritableState() throws {
      let sandbox = try Sandbox(configuration: "{ state: { path: \"/proc/no/state\" } }")
      let relay = try Relay(sandbox)
      #expect(try relay.judge(note) == .reject(note.id.hex, "error: state unavailable"))
      try sandbox.configure("{ state: { path: \"\(sandbox.folder)/mended\" } }")
      #expect(try becomes(.accept(note.id.hex), relay))
    }

    @Test("A state that is no LMDB file is answered error: state unavailable, and left as it is")
    func foreignState() throws {
      let sandbox = try Sandbox()
      try FileManager.default.createDirectory(atPath: sandbox.statePath, withIntermediateDirectories: true)
      let foreign = [UInt8](repeating: 0x41, count: 20_000)
      let file = sandbox.statePath + "/data.mdb"
      try Data(foreign).write(to: URL(fileURLWithPath: file))
      let relay = try Relay(sandbox)
      #expect(try relay.judge(note) == .reject(note.id.hex, "error: state unavailable"))
      #expect(FileManager.default.contents(atPath: file) == Data(foreign))
    }

    @Test("A changed configuration is taken over; of a wrong one nothing, and the last good one stays in force")
    func reload() throws {
      let sandbox = try Sandbox(configuration: "{ unclaimed: \"reject\" }")
      let relay = try Relay(sandbox)
      let refusal = try relay.judge(note)
      #expect(refusal.message?.hasPrefix("blocked: ") == true)
      try sandbox.configure("{ unclaimed: \"accept\" }")
      #expect(try becomes(.accept(note.id.hex), relay))
      try sandbox.configure("{ unclaimed: \"reject\", mistake: 1 }")
      #expect(waited { (try? relay.judge(note)) == .accept(note.id.hex) && relay.log.contains("mistake") })
      #expect(try relay.judge(note) == .accept(note.id.hex))
      try sandbox.configure("{ unclaimed: \"reject\" }")
      #expect(try becomes(refusal, relay))
    }

    @Test("A failure that lasts is logged once")
    func quietFailure() throws {
      let sandbox = try Sandbox(configuration: "{ mistake: 1 }")
      let relay = try Relay(sandbox)
      for _ in 0..<12 {
        #expect(try relay.judge(note).action == "reject")
        usleep(200_000)
      }
      #expect(relay.log.components(separatedBy: "mistake").count == 2)
    }
  }
}
