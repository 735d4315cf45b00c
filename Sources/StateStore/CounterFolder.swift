// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// The directory of the counter files: adds up, and folds what dead processes left into `past`.
///
/// `past` is a `CounterSum`, and then the names of the files that went into it last, a line each: when a process dies between writing it
/// and removing those files, they are not counted twice.
struct CounterFolder {
  private let directory: String

  init(_ directory: String) { self.directory = directory }

  private var pastPath: String { directory + "/past" }
  private var state: String { StateFile.parent(of: directory) }

  /// Adds the files of dead processes to `past`. The caller holds the directory's lock exclusively.
  func foldDead() throws {
    var past = readPast()
    var dead: [String] = []
    for name in try counterNames() {
      guard LockedFile(ifFree: path(name), ofStateIn: state) != nil else { continue }
      if !past.folded.contains(name), let sum = CounterSum(read(path(name))) { past.sum += sum }
      dead.append(name)
    }
    if dead.isEmpty { return }
    try write(past.sum.bytes + Array(dead.joined(separator: "\n").utf8))
    for name in dead { unlink(path(name)) }
  }

  /// Everything that was counted.
  func sum() throws -> CounterSum {
    guard access(directory, F_OK) == 0 else { return CounterSum() }
    // Without the right to lock, a fold at this very moment could be seen half: what is shown is for people, and wrong once.
    let lock = try? LockedFile(directory + "/lock", exclusively: false, creates: false, ofStateIn: state)
    defer { withExtendedLifetime(lock) {} }
    let past = readPast()
    var total = past.sum
    for name in try counterNames() where !past.folded.contains(name) {
      if let sum = CounterSum(read(path(name))) { total += sum }
    }
    return total
  }

  private func path(_ name: String) -> String { directory + "/" + name }

  private func readPast() -> (sum: CounterSum, folded: Set<String>) {
    let bytes = read(pastPath)
    guard let sum = CounterSum(bytes) else { return (CounterSum(), []) }
    return (sum, Set(String(decoding: bytes.dropFirst(CounterSum.byteCount), as: UTF8.self).split(separator: "\n").map(String.init)))
  }

  private func counterNames() throws -> [String] {
    guard let stream = opendir(directory) else { throw error(directory) }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      // Read in place: the system's record is as long as its name, and copying the whole declared field would read past it.
      guard let offset = MemoryLayout<dirent>.offset(of: \dirent.d_name) else { continue }
      let name = String(cString: (UnsafeRawPointer(entry) + offset).assumingMemoryBound(to: CChar.self))
      if name.hasSuffix(".counters") { names.append(name) }
    }
    return names.sorted()
  }

  /// The file's bytes, at most 1 MiB; none when it cannot be read.
  private func read(_ path: String) -> [UInt8] {
    guard let descriptor = try? StateFile.open(path, O_RDONLY, ofStateIn: state) else { return [] }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    var filled = 0
    while filled < bytes.count {
      let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress.map { $0 + filled }, $0.count - filled) }
      if count < 0, errno == EINTR { continue }
      if count <= 0 { break }
      filled += count
    }
    return Array(bytes.prefix(filled))
  }

  /// Replaces `past`: a reader sees the old or the new one.
  private func write(_ bytes: [UInt8]) throws {
    let temporary = directory + "/past.new"
    // Left by a process that died; whatever it is, it is made anew.
    unlink(temporary)
    let descriptor = try StateFile.open(temporary, O_WRONLY | O_CREAT | O_EXCL, ofStateIn: state)
    var written = 0
    while written < bytes.count {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress.map { $0 + written }, $0.count - written) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { break }
      written += count
    }
    let failure = written < bytes.count ? error(temporary) : nil
    close(descriptor)
    if let failure { throw failure }
    guard rename(temporary, pastPath) == 0 else { throw error(pastPath) }
  }

  private func error(_ path: String) -> StoreError { .failed(what: path, why: String(cString: strerror(errno))) }
}
