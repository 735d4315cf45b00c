// SPDX-License-Identifier: AGPL-3.0-or-later
import CSystem
import Glibc
import Synchronization

/// The right to write, taken before LMDB's own lock, which waits for ever: for a process that was stopped inside its commit, too.
///
/// A lock of `write.lock` by fcntl, which the kernel frees when its holder dies, and whose holder it names; and a mutex, since such a lock is
/// the whole process's. Programs that know nothing of it are still kept apart by LMDB's lock.
///
/// Misuse: nothing else in this process may open `write.lock`: closing that descriptor would give the lock up.
final class WriteLock: Sendable {
  /// -1 where the file cannot be made or opened: a state that is only read.
  private let file: Atomic<Int32>
  /// Allocated once, never moved: `pthread_mutex_t` is safe for any thread.
  private nonisolated(unsafe) let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let waitMilliseconds: Int
  /// The holder did not let go in time: whoever comes next waits only a moment.
  private let isStuck = Atomic<Bool>(false)
  /// The file, as it was opened.
  let identity: FileIdentity?

  static let fileName = "write.lock"
  private static let stuckMilliseconds = 200

  /// - Parameter descriptor: of the file; is closed with this.
  init(_ descriptor: Int32, waitMilliseconds: Int) {
    file = Atomic(descriptor)
    self.waitMilliseconds = waitMilliseconds
    identity = FileIdentity(descriptor: descriptor)
    mutex = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
    close()
  }

  /// Gives the file up, with the environment: were it closed later, the lock of one that was opened meanwhile would go with it. Nobody has the lock.
  func close() {
    let descriptor = file.exchange(-1, ordering: .acquiringAndReleasing)
    if descriptor >= 0 { Glibc.close(descriptor) }
  }

  private var descriptor: Int32 { file.load(ordering: .relaxed) }

  /// Throws `EnvironmentError.busy` when somebody keeps it for too long. Each success is paired with `unlock()`, on the same thread.
  func lock() throws {
    if pthread_mutex_trylock(mutex) != 0 {
      var until = Self.time(after: limit)
      guard pthread_mutex_clocklock(mutex, CLOCK_MONOTONIC, &until) == 0 else { throw busy() }
    }
    guard descriptor >= 0 else { return }
    let code = commonsguard_lock_file(descriptor, Int16(F_WRLCK))
    if code == 0 { return }
    do { try wait(code) } catch {
      pthread_mutex_unlock(mutex)
      throw error
    }
  }

  func unlock() {
    if descriptor >= 0 { _ = commonsguard_lock_file(descriptor, Int16(F_UNLCK)) }
    pthread_mutex_unlock(mutex)
  }

  private var limit: Int { isStuck.load(ordering: .relaxed) ? min(Self.stuckMilliseconds, waitMilliseconds) : waitMilliseconds }

  private func wait(_ first: Int32) throws {
    let until = Self.time(after: limit)
    var code = first
    var pause: useconds_t = 20
    repeat {
      guard code == EAGAIN || code == EACCES || code == EINTR else {
        throw EnvironmentError.unusable(Self.fileName, why: String(cString: strerror(code)))
      }
      usleep(pause)
      pause = min(pause * 2, 400)
      code = commonsguard_lock_file(descriptor, Int16(F_WRLCK))
      if code == 0 {
        isStuck.store(false, ordering: .relaxed)
        return
      }
    } while Self.isBefore(until)
    isStuck.store(true, ordering: .relaxed)
    throw busy()
  }

  /// A thread of ours may have the mutex and be waiting itself: then the process that it waits for is named.
  private func busy() -> EnvironmentError {
    let holder = commonsguard_lock_holder(descriptor, 0, 0)
    return .busy(holder: holder >= 0 ? ProcessName.of(holder) : "another process, or another thread of this one,")
  }

  private static func time(after milliseconds: Int) -> timespec {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    time.tv_sec += milliseconds / 1000
    time.tv_nsec += milliseconds % 1000 * 1_000_000
    if time.tv_nsec >= 1_000_000_000 {
      time.tv_sec += 1
      time.tv_nsec -= 1_000_000_000
    }
    return time
  }

  private static func isBefore(_ until: timespec) -> Bool {
    var now = timespec()
    clock_gettime(CLOCK_MONOTONIC, &now)
    return (now.tv_sec, now.tv_nsec) < (until.tv_sec, until.tv_nsec)
  }
}

/// What a process is called, for the operator.
enum ProcessName {
  /// `process 4711 (commonsguard, stopped)`, as far as /proc says it. 0 is one of another PID namespace.
  static func of(_ pid: Int32) -> String {
    if pid == 0 { return "a process of another container" }
    // `State:\tT (stopped)` and `Name:\tcommonsguard` stand near the beginning.
    let descriptor = open("/proc/\(pid)/status", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "process \(pid)" }
    defer { close(descriptor) }
    guard let text = readSome(descriptor) else { return "process \(pid)" }
    func value(_ name: String) -> Substring? {
      text.split(separator: "\n").first { $0.hasPrefix(name + ":") }.map { $0.dropFirst(name.count + 1).drop { $0 == "\t" || $0 == " " } }
    }
    let state = value("State").flatMap { state in state.split(separator: "(").last.map { $0.prefix { $0 != ")" } } }
    // What it is at this very moment says nothing, and would be another line in the log each time.
    let lasting = state.flatMap { ["running", "sleeping"].contains($0) ? nil : $0 }
    return "process \(pid) (\([value("Name"), lasting].compactMap { $0 }.joined(separator: ", ")))"
  }

  private static func readSome(_ descriptor: Int32) -> String? {
    var bytes = [UInt8](repeating: 0, count: 512)
    let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
    return count > 0 ? String(decoding: bytes.prefix(count), as: UTF8.self) : nil
  }
}
