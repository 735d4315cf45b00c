// SPDX-License-Identifier: AGPL-3.0-or-later
import FoundationEssentials
import Glibc
import Synchronization

/// What a command made on the way and must not leave behind, however it ends: temporary states, half-written files.
enum Leftovers {
  private static let paths = Mutex<[String]>([])

  /// From now on `path` goes when the program ends, a folder with all that is in it.
  static func add(_ path: String) { paths.withLock { $0.append(path) } }

  /// It is no leftover any more.
  static func keep(_ path: String) { paths.withLock { kept in kept.removeAll { $0 == path } } }

  /// Removes one now.
  static func remove(_ path: String) {
    keep(path)
    try? FileManager.default.removeItem(atPath: path)
  }

  /// Removes all that are left.
  static func remove() {
    let left = paths.withLock { paths in
      defer { paths = [] }
      return paths
    }
    for path in left.reversed() { try? FileManager.default.removeItem(atPath: path) }
  }
}

/// A folder with a random name that is gone when the command ends.
final class TemporaryFolder {
  let path: String

  /// - Parameter parent: exists; nil: where temporary files go.
  init(in parent: String? = nil, named name: String = "commonsguard") throws {
    let place = parent ?? Installation.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    var template = Array("\(place)/\(name)-XXXXXX".utf8CString)
    guard template.withUnsafeMutableBufferPointer({ $0.baseAddress.flatMap { mkdtemp($0) } }) != nil else {
      let why = String(cString: strerror(errno))
      throw Failure(.state, "a temporary folder cannot be made in \(place): \(why)\(parent == nil ? "; set TMPDIR" : "")")
    }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    Leftovers.add(path)
  }

  deinit { Leftovers.remove(path) }
}
