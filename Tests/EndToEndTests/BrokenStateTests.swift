// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Glibc
import Nostr
import TestSupport
import Testing

/// The state in a broken world: always an answer, the cause and the remedy in one line, and never an acceptance into something that is gone.
extension EndToEnd {
  @Suite struct BrokenStateTests {
    private let sandbox: Sandbox
    private let scene = Scene()

    init() throws { sandbox = try Sandbox() }

    private var data: String { sandbox.statePath + "/data.mdb" }
    private static let unavailable = "error: state unavailable"

    /// A running plugin whose state holds a campaign and votes.
    private func relay(votes: Int = 20) throws -> Relay {
      let relay = try Relay(sandbox)
      let campaign = scene.campaign(status: "vote_pending")
      #expect(try relay.judge(campaign) == .accept(campaign.id.hex))
      for number in 0..<votes { _ = try relay.judge(scene.vote(by: TestKey(number))) }
      return relay
    }

    private func voters() throws -> Int? { try sandbox.run(["campaign", "vote-status", scene.project, "--json"]).json?["voters"] as? Int }

    /// Ends a plugin; its state stays.
    private func ended(_ relay: Relay) {
      #expect(
        {
          relay.closeInput(); return relay.child.end() == .exited(0)
        }())
    }

    private func vote(_ number: Int) -> Event { scene.vote(by: TestKey(1000 + number)) }

    /// Sends votes until one is accepted; each other answer has to be `state unavailable`. Returns how many were.
    private func votesUntilAccepted(_ relay: Relay, from number: Int) throws -> Int {
      for count in 0..<60 {
        let event = vote(number + count)
        let answer = try relay.judge(event)
        if answer == .accept(event.id.hex) { return count }
        #expect(answer == .reject(event.id.hex, Self.unavailable))
        usleep(100_000)
      }
      Issue.record("nothing was accepted any more: \(relay.log)")
      return 60
    }

    private func errors(_ relay: Relay) -> [Substring] { relay.log.split(separator: "\n").filter { $0.contains(": error: ") } }

    // MARK: Damaged files

    @Test("A state that was cut anywhere is told as cut, by the plugin and with 74 by commands", arguments: [0, 1, 4096, 8192, 12_288, 40_000])
    func cut(length: Int) throws {
      ended(try relay())
      truncate(data, off_t(length))
      let relay = try Relay(sandbox)
      let event = vote(0)
      #expect(try relay.judge(event) == .reject(event.id.hex, Self.unavailable))
      #expect(errors(relay).count == 1 && relay.log.contains("data.mdb was cut") && relay.log.contains("rebuild"))
      for command in [["status"], ["state", "digest"], ["campaign", "list"], ["deliver", "--once"]] {
        let outcome = try sandbox.run(command)
        #expect(outcome.status == 74 && outcome.errors.contains("data.mdb was cut"))
      }
    }

    @Test("A state that is cut while it is in use ends the plugin with one line and a mark; the next start answers, until it is mended")
    func cutWhileRunning() throws {
      let first = try relay()
      let backup = try #require(FileManager.default.contents(atPath: data))
      truncate(data, 20_000)
      try first.send(requestLine(vote(0)))
      #expect(first.child.end() == .exited(74))
      #expect(errors(first).count == 1 && errors(first)[0].contains(sandbox.statePath) && errors(first)[0].contains("commonsguard rebuild"))
      // What cannot be read is still too short.
      let event = vote(1)
      let second = try Relay(sandbox)
      #expect(try second.judge(event) == .reject(event.id.hex, Self.unavailable))
      // Put back into the same file: the mark says that this very file made a process fault.
      try backup.withUnsafeBytes { bytes in
        let descriptor = open(data, O_WRONLY)
        defer { close(descriptor) }
        guard pwrite(descriptor, bytes.baseAddress, bytes.count, 0) == bytes.count else { throw SystemFailure(call: "pwrite", code: errno) }
      }
      #expect(try second.judge(event) == .reject(event.id.hex, Self.unavailable))
      let status = try sandbox.run(["status"])
      #expect(status.status == 74 && status.errors.contains("SIGBUS") && status.errors.contains("remove \(sandbox.statePath)/damaged"))
      // Looked at again by hand:
      unlink(sandbox.statePath + "/damaged")
      #expect(try votesUntilAccepted(second, from: 2) < 60)
      #expect(try voters() == 21)
    }

    @Test("The mark of a damaged file is void for the backup that takes its place")
    func voidMark() throws {
      let first = try relay()
      let backup = try #require(FileManager.default.contents(atPath: data))
      truncate(data, 20_000)
      try first.send(requestLine(vote(0)))
      #expect(first.child.end() == .exited(74))
      try backup.write(to: URL(fileURLWithPath: sandbox.folder + "/backup"))
      #expect(rename(sandbox.folder + "/backup", data) == 0)
      #expect(try voters() == 20)
      #expect(access(sandbox.statePath + "/damaged", F_OK) != 0)
    }

    @Test("A signal that somebody sends ends the plugin as ever, and marks nothing", arguments: [SIGSEGV, SIGBUS, SIGABRT])
    func foreignSignal(signal: Int32) throws {
      let relay = try relay()
      relay.child.kill(signal)
      #expect(relay.child.end() == .killed(signal))
      #expect(access(sandbox.statePath + "/damaged", F_OK) != 0)
      #expect(try voters() == 20)
    }

    @Test("A lock.mdb that is cut under a running plugin is told, marks nothing, and the next start goes on")
    func cutLock() throws {
      let first = try relay()
      truncate(sandbox.statePath + "/lock.mdb", 0)
      try first.send(requestLine(vote(0)))
      #expect(first.child.end() == .exited(74))
      #expect(errors(first).count == 1 && errors(first)[0].contains("lock.mdb"))
      #expect(access(sandbox.statePath + "/damaged", F_OK) != 0)
      let event = vote(1)
      #expect(try Relay(sandbox).judge(event) == .accept(event.id.hex))
      #expect(try voters() == 21)
    }

    // MARK: Moved, deleted, replaced

    @Test("A state folder that is moved away is missed at once; nothing is accepted until it is back, and then all of it is there")
    func movedAway() throws {
      let relay = try relay()
      let away = sandbox.folder + "/away"
      #expect(rename(sandbox.statePath, away) == 0)
      for number in 0..<15 {
        let event = vote(number)
        #expect(try relay.judge(event) == .reject(event.id.hex, Self.unavailable))
        usleep(100_000)
      }
      #expect(errors(relay).count == 1 && errors(relay)[0].contains("moved or deleted") && errors(relay)[0].contains("put it back"))
      #expect(access(sandbox.statePath, F_OK) != 0)
      #expect(rename(away, sandbox.statePath) == 0)
      #expect(try votesUntilAccepted(relay, from: 20) < 60)
      // One may have been committed into the folder where it lay; sent again it is accepted, and counted once.
      let first = vote(0)
      #expect(try relay.judge(first) == .accept(first.id.hex))
      #expect(try voters() == 22)
    }

    @Test("A state folder that is deleted is not silently begun anew by the plugin that had it open; a plugin that is started does")
    func deleted() throws {
      let running = try relay()
      try FileManager.default.removeItem(atPath: sandbox.statePath)
      for number in 0..<15 {
        let event = vote(number)
        #expect(try running.judge(event) == .reject(event.id.hex, Self.unavailable))
        usleep(100_000)
      }
      #expect(errors(running).count == 1)
      #expect(access(sandbox.statePath, F_OK) != 0)
      let campaign = scene.campaign(status: "vote_pending")
      #expect(try Relay(sandbox).judge(campaign) == .accept(campaign.id.hex))
      #expect(try votesUntilAccepted(running, from: 20) < 60)
      #expect(try voters() == 1)
    }

    @Test("A backup that is put in the place of data.mdb is opened, and nothing goes into the file that it replaced")
    func replaced() throws {
      ended(try relay(votes: 3))
      let backup = try #require(FileManager.default.contents(atPath: data))
      let relay = try relay(votes: 20)
      try backup.write(to: URL(fileURLWithPath: sandbox.folder + "/backup"))
      #expect(rename(sandbox.folder + "/backup", data) == 0)
      let refused = try votesUntilAccepted(relay, from: 0)
      #expect(refused < 60)
      #expect(errors(relay).count == 1 && errors(relay)[0].contains("replaced"))
      #expect(try voters() == 4)
    }

    @Test("With lock.mdb deleted under one plugin, a second one and it accept what both keep")
    func lockDeleted() throws {
      let first = try relay()
      unlink(sandbox.statePath + "/lock.mdb")
      let second = try Relay(sandbox)
      var accepted = 0
      for number in 0..<40 {
        let event = vote(number)
        let answer = try (number % 2 == 0 ? second : first).judge(event)
        if answer == .accept(event.id.hex) { accepted += 1 } else { #expect(answer.message == Self.unavailable) }
        usleep(50_000)
      }
      #expect(accepted >= 20 && errors(first).count == 1 && errors(second).isEmpty)
      #expect(try voters() == 20 + accepted)
    }

    // MARK: What else may stand in the way

    @Test("A process that keeps the right to write is named, and requests are answered before the relay gives up")
    func keptRight() throws {
      let relay = try relay()
      // As a plugin has it that was stopped inside its commit. Ours, until this process closes the file.
      let descriptor = open(sandbox.statePath + "/write.lock", O_RDWR | O_CLOEXEC)
      var lock = flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: 0, l_len: 0, l_pid: 0)
      #expect(fcntl(descriptor, F_SETLK, &lock) == 0)
      let began = Date()
      for number in 0..<3 {
        let event = vote(number)
        #expect(try relay.judge(event) == .reject(event.id.hex, Self.unavailable))
      }
      #expect(Date().timeIntervalSince(began) < 9)
      // The worker, which wants to write too, may have a line of its own.
      #expect(errors(relay).filter { $0.contains("process \(getpid()) (") && $0.hasSuffix("(plugin.fault)") }.count == 1)
      // What is known needs no right to write.
      let known = scene.vote(by: TestKey(3))
      #expect(try relay.judge(known) == .accept(known.id.hex))
      let other = try Relay(sandbox)
      #expect(try other.judge(vote(5)).message == Self.unavailable)
      close(descriptor)
      #expect(try votesUntilAccepted(relay, from: 10) < 60)
      #expect(try votesUntilAccepted(other, from: 100) < 60)
    }

    @Test("Whatever a sibling is at when it is stopped, the other plugin answers in time, and both go on afterwards")
    func stoppedSibling() throws {
      let (sibling, relay) = (try relay(), try Relay(sandbox))
      for number in 0..<12 {
        let (its, ours) = (vote(number), vote(100 + number))
        try sibling.send(requestLine(its))
        usleep(UInt32(number) * 150)
        sibling.child.kill(SIGSTOP)
        let began = Date()
        let answer = try relay.judge(ours)
        #expect(Date().timeIntervalSince(began) < 9)
        sibling.child.kill(SIGCONT)
        #expect(try sibling.answer() == .accept(its.id.hex))
        #expect(answer == .accept(ours.id.hex) || answer.message == Self.unavailable)
      }
      #expect(try votesUntilAccepted(relay, from: 200) < 60)
    }

    @Test(
      "Standard descriptors that are closed at the start are not given to the state's files",
      arguments: ["<&- >&- 2>&-", "<&- 2>&-", ">&- 2>&-", "2>&-"])
    func closedDescriptors(closed: String) throws {
      ended(try relay())
      let lines = try sandbox.write(lines: (0..<5).map { requestLine(vote($0)) }, to: "lines.jsonl")
      for command in ["run", "replay '\(lines)' --state '\(sandbox.statePath)'", "nonsense", "outbox list"] {
        let relay = try Relay(sandbox, shell: "\"$PLUGIN\" \(command) \(closed)")
        relay.closeInput()
        #expect(relay.child.end() != nil)
      }
      #expect(try voters() == 25)
      #expect(try sandbox.run(["state", "digest"]).status == 0)
    }

    @Test(
      "A pipe or a folder in the place of a file of the state hangs nothing",
      arguments: ["data.mdb", "lock.mdb", "write.lock", "counters/past", "counters/x.counters", "counters/lock", "delivery.lock"], [true, false])
    func notRegular(name: String, isPipe: Bool) throws {
      ended(try relay())
      let path = "\(sandbox.statePath)/\(name)"
      unlink(path)
      #expect(isPipe ? mkfifo(path, 0o600) == 0 : mkdir(path, 0o700) == 0)
      let relay = try Relay(sandbox)
      let event = vote(0)
      let answer = try relay.judge(event)
      if name.contains(".mdb") || name == "write.lock" {
        #expect(answer == .reject(event.id.hex, Self.unavailable))
        #expect(errors(relay).count == 1 && errors(relay)[0].contains("\(name) is not a regular file"))
      } else {
        #expect(answer == .accept(event.id.hex))
      }
      #expect(try sandbox.run(["status"]).status == (name.contains(".mdb") ? 74 : 0))
    }

    @Test("A state path that is a file, or a link to itself, is said to be that, with 74, and explain does not judge on an empty state")
    func notAFolder() throws {
      let event = try sandbox.write(scene.campaign().raw, to: "event.json")
      let file = try sandbox.write([], to: "occupied")
      let loop = sandbox.folder + "/loop"
      #expect(symlink(loop, loop) == 0)
      for (path, words) in [(file, "is not a directory"), (file + "/below", "is not a directory"), (loop, "leads back to itself")] {
        for command in [["status"], ["explain", event], ["deliver", "--once"], ["replay", event]] {
          let outcome = try sandbox.run(command + ["--state", path])
          #expect(outcome.status == 74 && outcome.errors.contains(words) && !outcome.errors.contains("does not exist"))
        }
      }
    }

    @Test(
      "A mistyped --state is told, and not made, by commands that work on what is there",
      arguments: [["deliver", "--once"], ["group", "upkeep"], ["status"], ["outbox", "list"]])
    func mistyped(command: [String]) throws {
      ended(try relay())
      let path = sandbox.folder + "/mistyped"
      let outcome = try sandbox.run(command + ["--state", path])
      #expect(outcome.status == 74 && outcome.errors.contains("there is no state in \(path)"))
      #expect(access(path, F_OK) != 0)
      #expect(try sandbox.run(command).status == 0)
    }

    @Test("What root does in another user's state leaves nothing that this user cannot open", .enabled(if: geteuid() == 0))
    func root() throws {
      let (user, group) = (uid_t(65534), gid_t(65534))
      try FileManager.default.createDirectory(atPath: sandbox.statePath, withIntermediateDirectories: true)
      #expect(chown(sandbox.statePath, user, group) == 0)
      ended(try relay())
      #expect(try sandbox.run(["deliver", "--once"]).status == 0)
      #expect(try sandbox.run(["status"]).status == 0)
      let names = try #require(FileManager.default.enumerator(atPath: sandbox.statePath)).compactMap { $0 as? String }
      #expect(names.count > 6)
      for name in names {
        var status = stat()
        #expect(stat("\(sandbox.statePath)/\(name)", &status) == 0 && status.st_uid == user && status.st_gid == group, "\(name)")
      }
    }
  }
}
