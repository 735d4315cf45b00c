// SPDX-License-Identifier: AGPL-3.0-or-later
import FoundationEssentials
import Glibc

/// Finds and reads the configuration file.
public enum ConfigurationFile {
  /// Where the configuration comes from.
  public enum Location: Sendable, Equatable {
    /// Named by `--config` or `$COMMONSGUARD_CONFIG`, or found in its usual place. That it vanishes is an error.
    case file(String)
    /// The built-in defaults, as long as no file stands in the usual place.
    case builtIn
  }

  public static let usualPath = "/etc/commonsguard/config.json5"

  /// 1 MiB: a configuration is a few kB.
  static let maxBytes = 1 << 20

  /// `explicit`, then `$COMMONSGUARD_CONFIG`, then the usual place when something is there, then the built-in defaults.
  public static func locate(explicit: String?, environment: [String: String], usualPath: String = usualPath) -> Location {
    if let explicit { return .file(explicit) }
    if let named = environment["COMMONSGUARD_CONFIG"], !named.isEmpty { return .file(named) }
    return FileStamp.isMissing(usualPath) ? .builtIn : .file(usualPath)
  }

  /// Reads and checks it.
  public static func load(_ location: Location, environment: [String: String]) throws(ConfigurationErrors) -> Configuration {
    guard case .file(let path) = location else { return .builtIn(environment: environment) }
    let bytes: [UInt8]
    do {
      bytes = try BoundedFile.read(path, maxBytes: maxBytes)
    } catch {
      throw ConfigurationErrors([ConfigurationError(file: path, message: error.message)])
    }
    do {
      return try Configuration.parse(bytes, folder: folder(of: path), environment: environment)
    } catch {
      throw ConfigurationErrors(
        error.errors.map { error in
          var placed = error
          placed.file = path
          return placed
        })
    }
  }

  /// Where the keys of the file stand, for what is found out about them later; nil without a file, or when it cannot be read.
  public static func outline(_ location: Location) -> JSON5Outline? {
    guard case .file(let path) = location, let bytes = try? BoundedFile.read(path, maxBytes: maxBytes) else { return nil }
    return try? JSON5Document(bytes).outline
  }

  private static func folder(of path: String) -> String {
    let absolute = path.hasPrefix("/") ? path : "\(FileManager.default.currentDirectoryPath)/\(path)"
    return absolute.lastIndex(of: "/").map { String(absolute[..<$0]) } ?? "/"
  }
}
