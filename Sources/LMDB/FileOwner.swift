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

  /// Gives a file or directory that root made to the owner; does nothing for anybody else.
  package func adopt(_ descriptor: Int32) {
    guard geteuid() == 0 else { return }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_uid != user else { return }
    // Where even root may not (some file systems), the file stays root's: what it is for works all the same, for now.
    _ = fchown(descriptor, user, group)
  }

  /// The user's name in /etc/passwd, or `#` and the number, both as `sudo -u` takes them. The system's own look-up would load modules into a
  /// program that is linked statically.
  package static func name(of user: uid_t) -> String {
    let number = "#\(user)"
    let descriptor = open("/etc/passwd", O_RDONLY | O_CLOEXEC | O_NONBLOCK)
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
