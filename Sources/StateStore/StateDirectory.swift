// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import LMDB

/// The directory that holds the environment.
enum StateDirectory {
  /// Makes the directory, for its owner alone, and its parents, when they are missing.
  static func make(_ path: String) throws {
    var status = stat()
    if stat(path, &status) == 0 { return }
    let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    if !parent.isEmpty, stat(parent, &status) != 0 { try make(parent) }
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
      let why = String(cString: strerror(errno))
      throw StoreError.failed(what: "the directory \(path) cannot be made", why: "\(why); check state.path and its owner")
    }
  }

  static func open(_ options: StoreOptions) throws -> Environment {
    if options.isReadOnly {
      var status = stat()
      guard stat(options.directory + "/data.mdb", &status) == 0 else { throw StoreError.missing(directory: options.directory) }
    }
    return try Environment(directory: options.directory, options: options.environmentOptions)
  }
}
