// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// What a user of the system is called.
enum UserName {
  /// `uid 999` where nobody gave it a name.
  static func of(_ user: uid_t) -> String {
    guard let entry = getpwuid(user), let name = entry.pointee.pw_name else { return "uid \(user)" }
    return String(cString: name)
  }
}
