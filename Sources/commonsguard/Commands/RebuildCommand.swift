// SPDX-License-Identifier: AGPL-3.0-or-later
import Configuration
import Cryptography
import Glibc
import Judgement
import Nostr
import Policy
import StateStore

/// `rebuild`: makes a state from a journal export, or from bare events. What is there is never mixed with it: the new state is built in a folder of
/// its own and put into its place when it is whole, so that a failure, or a signal, leaves everything as it was.
enum RebuildCommand {
  struct Options: Sendable, Equatable {
    /// Write follow-ups to the outbox again.
    var withFollowUps = false
    /// Take request lines whose export has no end.
    var withoutTrailer = false
  }

  static func run(_ installation: Installation, _ files: [String], _ options: Options) throws -> ExitStatus {
    let path = installation.configuration.state.path
    try EventStream.check(files)
    try refuseUnlessEmpty(installation)
    let made = NewState(path)
    made.begin()
    do {
      try made.makeFolder()
      let folder = try TemporaryFolder(in: path, named: "rebuild")
      let summary = RebuildSummary()
      Interruption.watch { [tally = summary.tally] in
        "rebuild: interrupted: \(tally.accepted) accepted, \(tally.refused) refused so far; nothing is kept"
      }
      try build(in: folder.path, installation, files, options, summary)
      if let cut = summary.cut, !options.withoutTrailer {
        summary.isKept = false
        summary.report(asJSON: installation.arguments.printsJSON)
        throw Failure(.failed, "\(cut): it was cut or damaged, and nothing is kept; --no-trailer takes it as it is")
      }
      try refuseUnlessEmpty(installation)
      try moveIntoPlace(from: folder.path, to: path)
      made.keep()
      summary.report(asJSON: installation.arguments.printsJSON)
      return summary.isComplete ? .done : .failed
    } catch {
      made.discard()
      throw error
    }
  }

  /// Throws when there is a state with rows, or one that another process has open.
  private static func refuseUnlessEmpty(_ installation: Installation) throws {
    let path = installation.configuration.state.path
    do {
      guard try installation.store(isReadOnly: true).read({ try $0.journalCount() }) == 0 else {
        throw Failure(.failed, "the state in \(path) is not empty: move it away, or name another one with --state")
      }
    } catch StoreError.missing {
      return
    }
    // LMDB's own lock, that every process with the environment open shares.
    let descriptor = open(path + "/lock.mdb", O_RDWR | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    var lock = flock()
    lock.l_type = Int16(F_WRLCK)
    lock.l_whence = Int16(SEEK_SET)
    lock.l_len = 1
    if fcntl(descriptor, F_GETLK, &lock) == 0, lock.l_type != Int16(F_UNLCK) {
      let who = lock.l_pid > 0 ? " (process \(lock.l_pid))" : ""
      throw Failure(.failed, "the state in \(path) is in use\(who): stop the relay first, or name another one with --state")
    }
  }

  private static func build(
    in folder: String, _ installation: Installation, _ files: [String], _ options: Options, _ summary: RebuildSummary
  ) throws {
    var installation = installation
    installation.configuration.state.path = folder
    // Nothing is lost by a crash that the input does not still hold; the one sync is at the end.
    installation.configuration.state.durability = .relaxed
    let store = try installation.store(creates: true)
    let judge = try installation.judge(store, writesFollowUps: options.withFollowUps)
    judge.options.parking = .rebuild
    var progress = Progress("rebuild", total: EventStream.size(files))
    try EventStream(source: .import, isRejudged: true).read(files) { _, item, place in
      summary.see(item, at: place)
      switch item {
      case .skipped, .trailer, .unreadable: return
      case .decision(let decision): try judge.carryOut(decision)
      case .event(let event, let circumstances, let sourceInfo, let request):
        let judgement = judge.judge(event, in: circumstances) { sourceInfo.flatMap { request?.text($0).string } ?? "" }
        if let fault = judgement.fault { throw fault }
        summary.count(judgement)
        if judgement.isWritten { summary.tally.countAccepted(try judge.judgeAllReleased(releasing: circumstances).accepted) }
      }
      progress.update(done: place.done, count: summary.tally.accepted + summary.tally.refused)
    }
    progress.finish()
    summary.endOfInput()
    try store.sync()
    summary.parked = try store.read { try $0.parkedCount() }
    summary.digest = try StateDigest.read(store, installation.registry).all
    summary.settings = SettingsDigest.of(installation.configuration)
  }

  /// The state is one file; the lock file is made anew by whoever opens it.
  private static func moveIntoPlace(from folder: String, to path: String) throws {
    guard rename(folder + "/data.mdb", path + "/data.mdb") == 0 else {
      throw Failure(.state, "the state cannot be moved to \(path): \(String(cString: strerror(errno)))")
    }
    // Rebuilt by root, it still has to be the relay's.
    var facts = stat()
    if geteuid() == 0, stat(path, &facts) == 0, facts.st_uid != 0 { _ = lchown(path + "/data.mdb", facts.st_uid, facts.st_gid) }
    let directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if directory >= 0 {
      fsync(directory)
      close(directory)
    }
  }
}
