// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import LMDB

/// The directory that holds the environment.
enum StateDirectory {
  /// Makes the directory, for its owner alone, and its parents, when they are missing.
  static func make(_ path: String) throws {
    var status = stat()
    if stat(path, &status) == 0 {
      if status.st_mode & S_IFMT != S_IFDIR { throw StoreError.failed(what: "\(path) is no folder", why: "state.path has to be one") }
      return
    }
    // A loop of links, or a parent that may not be looked into: making anything would not help.
    if errno != ENOENT { throw StoreError.failed(what: "the state in \(path) cannot be opened", why: why(errno)) }
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
      if stat(options.directory + "/data.mdb", &status) != 0 {
        // Only what is not there is missing: what may not be looked at is there, and was never empty.
        if errno == ENOENT { throw StoreError.missing(directory: options.directory) }
        throw StoreError.failed(what: "the state in \(options.directory) cannot be read", why: why(errno))
      }
    }
    return try Environment(directory: options.directory, options: options.environmentOptions)
  }

  /// What an error of the system means, and what to do.
  private static func why(_ code: Int32) -> String {
    let words = String(cString: strerror(code))
    switch code {
    case EACCES, EPERM: return "\(words); run this as the user that the relay runs as, or check the folder's owner"
    case ENOTDIR: return "\(words); state.path has to be a folder"
    default: return "\(words); check state.path"
    }
  }
}
