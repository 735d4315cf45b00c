// SPDX-License-Identifier: AGPL-3.0-or-later

/// Where the state lives when nothing says so. Source: contract, *Configuration*.
enum DefaultStatePath {
  /// `$STATE_DIRECTORY` (systemd's; the first of a list with colons), else `$XDG_STATE_HOME/commonsguard`, else `~/.local/state/commonsguard`.
  static func find(in environment: [String: String]) -> String {
    if let first = environment["STATE_DIRECTORY"]?.split(separator: ":").first { return String(first) }
    // The XDG specification: a relative path is invalid and is to be ignored.
    if let home = environment["XDG_STATE_HOME"], home.hasPrefix("/") { return "\(home)/commonsguard" }
    if let home = environment["HOME"], home.hasPrefix("/") { return "\(home)/.local/state/commonsguard" }
    return "/var/lib/commonsguard"
  }
}
