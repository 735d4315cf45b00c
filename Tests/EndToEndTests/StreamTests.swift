// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import TestSupport
import Testing

/// The forms that a stream may have, and what cannot be read.
extension EndToEnd {
  @Suite struct StreamTests {
    let sandbox: Sandbox
    private let scene = Scene()

    init() throws { sandbox = try Sandbox() }

    private var campaign: [UInt8] { scene.campaign().raw }
    private var gift: [UInt8] { scene.contribution(by: TestKey("a")).raw }

    /// As `jq .` writes it.
    private func indented(_ event: [UInt8]) throws -> [UInt8] {
      Array(try JSONSerialization.data(withJSONObject: JSONSerialization.jsonObject(with: Data(event)), options: [.prettyPrinted]))
    }

    private func accepted(_ input: [UInt8]) throws -> [Bool] { try sandbox.run(["replay"], input: input).lines.map { $0.contains("\"accept\"") } }

    @Test("a byte order mark costs nothing, at the beginning of a stream and of one that was appended")
    func mark() throws {
      let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
      #expect(try accepted(mark + campaign + [0x0d, 0x0a] + mark + gift) == [true, true])
      #expect(try accepted(mark + requestLine(scene.campaign()) + [0x0a] + mark + [0x0a] + gift) == [true, true])
      #expect(try sandbox.run(["rebuild"], input: mark + campaign).output.contains("accepted 1"))
      #expect(try sandbox.run(["explain", "-"], input: mark + campaign).status == 0)
    }

    @Test("events over several lines are read, alone and among others")
    func indentedEvents() throws {
      #expect(try sandbox.run(["explain", "-"], input: indented(campaign)).status == 0)
      #expect(try accepted(indented(campaign) + [0x0a] + gift + [0x0a] + indented(Scene.note().raw)) == [true, true, true])
      #expect(try accepted(indented(requestLine(scene.campaign()))) == [true])
    }

    @Test("frames of websockets and arrays are read; frames without an event want no answer")
    func framesAndArrays() throws {
      func framed(_ event: [UInt8], _ beginning: String = "[\"EVENT\",") -> [UInt8] { utf8(beginning) + event + utf8("]") }
      let frames = [
        framed(campaign), framed(gift, "[\"EVENT\",\"sub\","), utf8("[\"EOSE\",\"sub\"]"), utf8("[\"OK\",\"00\",true,\"\"]"),
        framed(Scene.note().raw, "[ \"EVENT\" , \"a,b]\" , "),
      ]
      #expect(try accepted(Array(frames.joined(separator: [0x0a]))) == [true, true, true])
      #expect(try accepted(utf8("[") + campaign + utf8(",") + gift + utf8("]")) == [true, true])
      #expect(try accepted(utf8("[\n") + campaign + utf8(",\n") + gift + utf8("\n]\n")) == [true, true])
      #expect(try accepted(indented(framed(campaign))) == [true])
      #expect(try accepted(utf8("[") + framed(campaign) + utf8(",") + framed(gift) + utf8("]")) == [true, true])
      #expect(try accepted(utf8("[1,{}]")) == [false, false])
    }

    @Test("a damaged line does not swallow what follows, and an open one at the end is told")
    func damagedLines() throws {
      let cut = Array(campaign.prefix(40))
      #expect(try accepted(cut + [0x0a] + campaign + [0x0a] + gift) == [false, true, true])
      // Cut behind a comma: what is open looks like the beginning of a text over several lines.
      let comma = try #require(campaign.lastIndex(of: UInt8(ascii: ",")))
      #expect(try accepted(campaign[...comma] + [0x0a] + campaign + [0x0a] + gift) == [false, true, true])
      #expect(try accepted(campaign + [0x0a] + utf8("{\n  \"id\": 1,\n")) == [true, false])
    }

    @Test(
      "a malformed bare event is told what the relay would tell it",
      arguments: [("sig", "invalid: sig is missing"), ("pubkey", "invalid: pubkey is missing"), ("created_at", "invalid: created_at is missing")])
    func malformed(key: String, message: String) throws {
      var event = try #require(try JSONSerialization.jsonObject(with: Data(campaign)) as? [String: Any])
      event[key] = nil
      let line = Array(try JSONSerialization.data(withJSONObject: event))
      let outcome = try sandbox.run(["replay"], input: gift + [0x0a] + line)
      #expect(outcome.lines.last == "{\"id\":\"\(scene.campaign().id.hex)\",\"action\":\"reject\",\"msg\":\"\(message)\"}")
      #expect(outcome.errors.contains("replay: stdin:2: \(message)"))
      #expect(try sandbox.run(["replay"], input: utf8("{\"type\":\"newer\",\"event\":1}")).output.contains("error: unknown request type"))
    }

    @Test("a folder, a missing file and a read error end with 1 and the name, and leave no new state", arguments: ["replay", "rebuild"])
    func unreadable(command: String) throws {
      let state = "\(sandbox.folder)/new"
      let good = try sandbox.write(campaign, to: "good.jsonl")
      let cases = [
        (sandbox.folder, "it is a folder"), ("/nowhere/at/all", "No such file or directory"), ("/proc/self/mem", "Input/output error"),
      ]
      for (file, words) in cases {
        for files in [[file], [good, file]] {
          let outcome = try sandbox.run([command, "--state", state] + files)
          #expect(outcome.status == 1 && outcome.output.isEmpty)
          #expect(outcome.errors == "commonsguard: \(file) cannot be read: \(words)\n")
          #expect(!FileManager.default.fileExists(atPath: state))
        }
      }
      #expect(try sandbox.run(["explain", "/proc/self/mem"]).errors.contains("/proc/self/mem cannot be read: Input/output error"))
    }

    /// A terminal whose other end is closed: what was written is read, and then read(2) fails with EIO.
    private func brokenTerminal(saying bytes: [UInt8]) throws -> Int32 {
      // What unlockpt and ptsname do: glibc's module does not show them to Swift.
      let (unlock, number): (UInt, UInt) = (0x4004_5431, 0x8004_5430)
      let master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC)
      var (isLocked, name): (Int32, Int32) = (0, 0)
      guard master >= 0, ioctl(master, unlock, &isLocked) == 0, ioctl(master, number, &name) == 0 else {
        throw SystemFailure(call: "/dev/ptmx", code: errno)
      }
      let other = open("/dev/pts/\(name)", O_RDWR | O_NOCTTY | O_CLOEXEC)
      #expect(bytes.withUnsafeBytes { write(other, $0.baseAddress, $0.count) } == bytes.count)
      close(other)
      return master
    }

    @Test("a read that fails in the middle is no end: it is told with its line, and nothing new is left", arguments: ["replay", "rebuild"])
    func brokenInTheMiddle(command: String) throws {
      let state = "\(sandbox.folder)/new"
      let input = try brokenTerminal(saying: campaign + [0x0a] + gift.prefix(50))
      defer { close(input) }
      let running = try sandbox.start([command, "--state", state, "-"], stdin: input)
      #expect(running.child.end() == .exited(1))
      #expect(running.errors.hasSuffix("commonsguard: stdin cannot be read behind line 1: Input/output error\n"))
      #expect(!FileManager.default.fileExists(atPath: state))
      if command == "replay" { #expect(running.errors.hasPrefix("replay: ended early: 1 accepted, 0 rejected so far\n")) }
    }

    @Test("what has a source of its own is not judged as --as says, and that is said")
    func asOnRequestLines() throws {
      let input = requestLine(scene.campaign()) + [0x0a] + gift
      let outcome = try sandbox.run(["replay", "--as", "Stream"], input: input)
      #expect(outcome.errors.contains("--as Stream is for bare events: 1 request lines kept the source that they name"))
      #expect(!(try sandbox.run(["replay", "--as", "Stream"], input: gift).errors.contains("--as")))
    }

    @Test("replay sums up the reasons of its refusals beside the decisions")
    func summary() throws {
      let lines = [campaign, gift, scene.contribution(by: TestKey("b"), amount: 1001).raw, scene.contribution(by: TestKey("c"), amount: 1002).raw]
      let outcome = try sandbox.run(["replay"], input: Array(lines.joined(separator: [0x0a])))
      #expect(outcome.lines.count == 4)
      #expect(outcome.errors == "replay: 2 accepted, 2 rejected\n  refused 2: invalid: invalid amount: a whole number from\n")
      let json = try sandbox.run(["replay", "--json"], input: Array(lines.joined(separator: [0x0a])))
      let summary = try JSONSerialization.jsonObject(with: Data(json.errors.utf8)) as? [String: Any]
      #expect(summary?["accepted"] as? Int == 2 && summary?["byReason"] as? [String: Int] == ["invalid: invalid amount: a whole number from": 2])
    }

    private static let strace = "/usr/bin/strace"

    @Test(
      "replay into a state commits without waiting for the disk, and syncs once",
      .enabled(if: FileManager.default.isExecutableFile(atPath: strace), "strace counts the calls"))
    func relaxedReplay() throws {
      try sandbox.configure("{ state: { durability: \"full\" } }")
      let gifts = (0..<300).map { scene.contribution(by: TestKey($0), at: Scene.began + 10 + UInt64($0)).raw }
      let input = open(try sandbox.write(lines: [campaign] + gifts, to: "in.jsonl"), O_RDONLY | O_CLOEXEC)
      let nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC)
      defer { [input, nowhere].forEach { close($0) } }
      // Counted from outside: these are what a durable commit waits in.
      let trace = "\(sandbox.folder)/trace"
      let child = try Child(
        [Self.strace, "-f", "-qq", "-e", "trace=fsync,fdatasync,msync", "-o", trace, Binary.path, "replay", "--state", "\(sandbox.folder)/new"],
        environment: sandbox.environment, .init(standard: (input, nowhere, nowhere)))
      #expect(child.end(withinSeconds: 60) == .exited(0))
      let calls = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n").count { $0.contains("sync(") }
      #expect((1...20).contains(calls), "\(calls) calls")
    }
  }
}
