// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// Whose files the files of a state are.
///
/// A command that root runs must leave nothing behind that the relay's user cannot open: what root makes is given to the owner.
package struct FileOwner: Sendable, Hashable {
  package let user: uid_t
  package let group: gid_t

  /// The owner of the state in the directory: that of its data, or of the directory itself where there is no data yet. Nil when neither is there.
  package init?(ofStateIn directory: String) {
    var status = stat()
    guard stat(directory + "/data.mdb", &status) == 0 || stat(directory, &status) == 0 else { return nil }
    user = status.st_uid
    group = status.st_gid
  }

  /// Gives a file that root has just made to the owner; does nothing for anybody else.
  private func adopt(_ descriptor: Int32) {
    guard geteuid() == 0 else { return }
    // Where even root may not (some file systems), the file stays root's: what it is for works all the same, for now.
    _ = fchown(descriptor, user, group)
  }

  /// Opens a regular file in a folder that may be another user's, as openat(2) does, without waiting for anybody.
  ///
  /// Root may run it, and the folder's owner may put anything there: links are not followed, only a file that this very call made is given away, and
  /// one of root's that has another name as well is refused.
  /// - Returns: the descriptor, or the error's number; EISDIR for what is no regular file, ELOOP for a link.
  package static func open(_ directory: Int32, _ name: String, _ flags: Int32, mode: mode_t, ofStateIn state: String) -> Result<Int32, ErrorNumber> {
    let plain = flags & ~O_CREAT | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC
    var descriptor = openat(directory, name, plain, mode)
    while descriptor < 0, errno == ENOENT, flags & O_CREAT != 0 {
      descriptor = openat(directory, name, plain | O_CREAT | O_EXCL, mode)
      if descriptor >= 0 {
        FileOwner(ofStateIn: state)?.adopt(descriptor)
        return .success(descriptor)
      }
      // Somebody else made it at this moment.
      guard errno == EEXIST else { break }
      descriptor = openat(directory, name, plain, mode)
    }
    guard descriptor >= 0 else { return .failure(ErrorNumber(code: errno)) }
    var status = stat()
    let isRegular = fstat(descriptor, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
    var folder = stat()
    let isElsewhere = geteuid() == 0 && status.st_uid == 0 && status.st_nlink > 1 && stat(state, &folder) == 0 && folder.st_uid != 0
    if isRegular, !isElsewhere { return .success(descriptor) }
    close(descriptor)
    return .failure(ErrorNumber(code: EISDIR))
  }

  /// Of errno.
  package struct ErrorNumber: Error, Hashable {
    package let code: Int32
  }

  /// The user's name in /etc/passwd, or `#` and the number, both as `sudo -u` takes them. The system's own look-up would load modules into a
  /// program that is linked statically.
  package static func name(of user: uid_t) -> String {
    let number = "#\(user)"
    let descriptor = Glibc.open("/etc/passwd", O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return number }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    var filled = 0
    while filled < bytes.count {
      let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress.map { $0 + filled }, $0.count - filled) }
      if count < 0, errno == EINTR { continue }
      if count <= 0 { break }
      filled += count
    }
    for line in bytes.prefix(filled).split(separator: 0x0a) {
      let fields = line.split(separator: 0x3a, omittingEmptySubsequences: false)
      if fields.count > 2, String(decoding: fields[2], as: UTF8.self) == "\(user)" { return String(decoding: fields[0], as: UTF8.self) }
    }
    return number
  }
}
