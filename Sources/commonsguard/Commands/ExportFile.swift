// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import Synchronization

/// Where an export goes: stdout, or a file that has its name only when it is whole, and never takes another's without being told.
struct ExportFile {
  private let file: String?
  private let partial: String?
  private let replaces: Bool
  private let descriptor: Int32

  /// - Parameters:
  ///   - file: nil for stdout.
  ///   - replaces: a file of that name may go.
  init(_ file: String?, replaces: Bool) throws {
    self.file = file
    self.replaces = replaces
    guard let file else {
      (partial, descriptor) = (nil, STDOUT_FILENO)
      return
    }
    var facts = stat()
    let exists = stat(file, &facts) == 0
    if exists, facts.st_mode & S_IFMT == S_IFDIR { throw Failure(.failed, "\(file) cannot be written: it is a folder") }
    // A pipe or a device is written as it is: nothing is lost in it.
    let isSpecial = exists && facts.st_mode & S_IFMT != S_IFREG
    if exists, !isSpecial, !replaces { throw Failure(.failed, "\(file) is there already; --force replaces it") }
    partial = isSpecial ? nil : "\(file).partial-\(getpid())"
    let path = partial ?? file
    descriptor = open(path, isSpecial ? O_WRONLY | O_CLOEXEC : O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Failure(.failed, "\(file) cannot be written: \(String(cString: strerror(errno)))") }
    if let partial { Leftovers.add(partial) }
  }

  func write(_ bytes: [UInt8]) throws {
    guard let code = Descriptor.write(bytes, to: descriptor) else { return }
    guard let file else { Console.stdoutFailed(code) }
    throw refused(file, code)
  }

  /// Gives the file its name.
  func finish() throws {
    guard let file else { return }
    // A pipe or a device has nothing to be forced to the disk.
    if fsync(descriptor) != 0, errno != EINVAL, errno != EROFS { throw refused(file, errno) }
    if close(descriptor) != 0 { throw refused(file, errno) }
    guard let partial else { return }
    // A link is refused where the name is taken meanwhile; a rename would not be.
    if !replaces, link(partial, file) == 0 {
      Leftovers.remove(partial)
      return
    }
    if !replaces, errno == EEXIST { throw refused(file, EEXIST) }
    if rename(partial, file) != 0 { throw refused(file, errno) }
    Leftovers.keep(partial)
  }

  private func refused(_ file: String, _ code: Int32) -> Failure {
    if let partial { Leftovers.remove(partial) }
    return Failure(.failed, "\(file) cannot be written: \(String(cString: strerror(code)))")
  }
}

/// A number that another thread may look at.
final class Counter: Sendable {
  private let number = Atomic<Int>(0)

  var value: Int { number.load(ordering: .relaxed) }
  func add(_ more: Int) { number.add(more, ordering: .relaxed) }
}
