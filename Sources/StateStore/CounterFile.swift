// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import Policy
import Synchronization

/// The counters of one process, in a mapped file of its own, so that counting costs no transaction and survives the process.
///
/// `<directory>/<pid>-<random>.counters`, locked (flock) while its process lives. Whoever opens one adds the files of dead processes to
/// `past` and removes them.
public final class CounterFile: Sendable {
  /// What became of one request.
  public enum Outcome: Sendable {
    case accepted
    case rejected(RejectionPrefix)
    /// It could not be judged.
    case fault
  }

  private nonisolated(unsafe) let base: UnsafeMutableRawPointer
  /// Locked while this lives; nil in memory.
  private let file: LockedFile?

  /// Makes this process's file in the directory (the state's `counters`), which is made when it is missing. Throws a `StoreError`.
  public init(directory: String) throws {
    try StateDirectory.make(directory)
    var status = stat()
    guard lstat(directory, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw StoreError.failed(what: directory, why: "it is no folder: move it away")
    }
    let state = StateFile.parent(of: directory)
    let lock = try LockedFile(directory + "/lock", exclusively: true, ofStateIn: state)
    defer { withExtendedLifetime(lock) {} }
    try CounterFolder(directory).foldDead()
    let file = try LockedFile(directory + "/\(getpid())-\(UInt64.random(in: 0...UInt64.max)).counters", exclusively: true, ofStateIn: state)
    // Room is taken now: a hole in a mapped file on a full disk kills the process that writes to it.
    let code = posix_fallocate(file.descriptor, 0, off_t(CounterSum.byteCount))
    guard code == 0 else { throw StoreError.failed(what: "no room for the counters in \(directory)", why: String(cString: strerror(code))) }
    base = try Self.map(MAP_SHARED, file.descriptor)
    self.file = file
    base.storeBytes(of: CounterSum.version, as: UInt64.self)
  }

  /// Counters that vanish with the process, where no file can be made. Throws a `StoreError` when there is no memory.
  public init() throws {
    base = try Self.map(MAP_PRIVATE | MAP_ANONYMOUS, -1)
    file = nil
    base.storeBytes(of: CounterSum.version, as: UInt64.self)
  }

  deinit { munmap(base, CounterSum.byteCount) }

  private static func map(_ flags: Int32, _ descriptor: Int32) throws -> UnsafeMutableRawPointer {
    guard let base = mmap(nil, CounterSum.byteCount, PROT_READ | PROT_WRITE, flags, descriptor, 0), base != MAP_FAILED else {
      throw StoreError.failed(what: "the counters cannot be mapped", why: String(cString: strerror(errno)))
    }
    return base
  }

  /// Counts one request. Any thread; no heap, no lock.
  ///
  /// - Parameter microseconds: from the line's arrival to its answer.
  public func record(_ outcome: Outcome, microseconds: UInt64) {
    switch outcome {
    case .accepted: add(CounterSum.Word.accepted)
    case .rejected(let prefix): add(CounterSum.Word.rejected + CounterSum.index(of: prefix))
    case .fault: add(CounterSum.Word.faults)
    }
    add(CounterSum.Word.histogram + LatencyHistogram.bucket(of: microseconds))
    add(CounterSum.Word.sum, microseconds)
    _ = word(CounterSum.Word.max).pointee.max(microseconds, ordering: .relaxed)
  }

  /// What this process has counted so far.
  public var sum: CounterSum { CounterSum(UnsafeRawBufferPointer(start: base, count: CounterSum.byteCount)) ?? CounterSum() }

  /// What all processes, dead or alive, have counted. Nothing counted when the directory does not exist.
  public static func sum(directory: String) throws -> CounterSum { try CounterFolder(directory).sum() }

  @inline(__always)
  private func add(_ index: Int, _ value: UInt64 = 1) { word(index).pointee.wrappingAdd(value, ordering: .relaxed) }

  /// The map is as long as `Word.count` words, and `index` one of them.
  @inline(__always)
  private func word(_ index: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
    (base + index * 8).assumingMemoryBound(to: Atomic<UInt64>.self)
  }
}
