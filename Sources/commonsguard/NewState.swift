// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// What a command makes where its state shall be, so that a failure leaves nothing behind; a state that was there is not touched.
struct NewState {
  private let directory: String
  /// The outermost folder that was missing; nil when the state's folder was there.
  private let missing: String?
  /// There was no state in it.
  let isNew: Bool

  /// To be asked before anything is opened.
  init(_ directory: String) {
    self.directory = directory
    var facts = stat()
    isNew = stat(directory + "/data.mdb", &facts) != 0 && errno == ENOENT
    var outermost: String?
    var path = directory
    while !path.isEmpty, lstat(path, &facts) != 0, errno == ENOENT {
      outermost = path
      path = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? ""
    }
    missing = outermost
  }

  /// From now on a folder that was missing goes when the command ends.
  func begin() { if let missing { Leftovers.add(missing) } }

  /// Makes the folder and those above it, for its owner alone.
  func makeFolder() throws {
    var path = ""
    for part in directory.split(separator: "/", omittingEmptySubsequences: false) {
      path += path.isEmpty && part.isEmpty ? "/" : path.hasSuffix("/") || path.isEmpty ? String(part) : "/\(part)"
      if path == "/" { continue }
      if mkdir(path, 0o700) == 0 {
        giveToOwner(path)
      } else if errno != EEXIST {
        throw Failure(.state, "the folder \(path) cannot be made: \(String(cString: strerror(errno))); check state.path and its owner")
      }
    }
  }

  /// What root makes in somebody's folder belongs to that one: the relay has to be able to use it.
  private func giveToOwner(_ path: String) {
    var facts = stat()
    let parent = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    if geteuid() == 0, stat(parent, &facts) == 0, facts.st_uid != 0 { _ = lchown(path, facts.st_uid, facts.st_gid) }
  }

  /// What was made stays.
  func keep() { if let missing { Leftovers.keep(missing) } }

  /// Removes what was made.
  func discard() {
    if let missing {
      Leftovers.remove(missing)
    } else if isNew {
      for name in ["data.mdb", "lock.mdb"] { Leftovers.remove("\(directory)/\(name)") }
    }
  }
}
