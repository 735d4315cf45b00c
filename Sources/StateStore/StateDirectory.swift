// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import LMDB

/// The directory that holds the environment.
enum StateDirectory {
  /// Makes the directory, for its owner alone, and its parents, when they are missing. What root makes in somebody's folder belongs to that one.
  static func make(_ path: String) throws {
    var status = stat()
    if stat(path, &status) == 0 { return }
    // Only what is missing may be made: what may not be looked at is there.
    guard errno == ENOENT else { throw EnvironmentError(opening: path, errno) }
    let parent = StateFile.parent(of: path)
    if !parent.isEmpty, stat(parent, &status) != 0 { try make(parent) }
    guard mkdir(path, 0o700) == 0 || errno == EEXIST else {
      let code = errno
      if code == EACCES || code == EPERM { throw EnvironmentError(opening: parent.isEmpty ? "/" : parent, code) }
      throw StoreError.failed(what: "the directory \(path) cannot be made", why: "\(String(cString: strerror(code))); check state.path and its owner")
    }
    if geteuid() == 0, stat(parent.isEmpty ? "/" : parent, &status) == 0, status.st_uid != 0 { lchown(path, status.st_uid, status.st_gid) }
  }

  static func open(_ options: StoreOptions) throws -> Environment {
    let data = options.directory + "/data.mdb"
    var status = stat()
    if stat(data, &status) == 0 {
      // LMDB would begin anew with it. Counters are made when a state is in use.
      if status.st_size == 0, status.st_mode & S_IFMT == S_IFREG, access(options.directory + "/counters", F_OK) == 0 {
        throw EnvironmentError.cut(data, bytes: 0, wantedBytes: 8192)
      }
    } else if options.isReadOnly || !options.creates {
      if errno == ENOENT { throw StoreError.missing(directory: options.directory) }
      throw errno == ENOTDIR || errno == ELOOP ? EnvironmentError(opening: options.directory, errno) : EnvironmentError(opening: data, errno)
    }
    return try Environment(directory: options.directory, options: options.environmentOptions)
  }
}
