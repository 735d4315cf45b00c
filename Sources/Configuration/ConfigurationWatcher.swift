// SPDX-License-Identifier: AGPL-3.0-or-later

/// Keeps the last good configuration in force, and looks for a new one when it is asked to, once a second at most.
///
/// A configuration that is wrong is read again each second, whether its file changed or not: the fault may lie elsewhere (a mode, a list).
/// Not thread-safe: it belongs to the loop that asks it.
public final class ConfigurationWatcher {
  /// The last good configuration; nil as long as there never was one.
  public private(set) var current: Configuration?

  private var location: ConfigurationFile.Location
  private let environment: [String: String]
  private let usualPath: String
  private var lookedAt: UInt64?
  private var stamps: [FileStamp?]?
  /// What was wrong at the last attempt; empty after a good one.
  private var faults: [ConfigurationError] = []

  /// Reads nothing yet: the first `reloadIfChanged` does.
  public init(_ location: ConfigurationFile.Location, environment: [String: String], usualPath: String = ConfigurationFile.usualPath) {
    self.location = location
    self.environment = environment
    self.usualPath = usualPath
  }

  /// - Parameter now: seconds of a monotonic clock.
  public func reloadIfChanged(now: UInt64) -> ReloadOutcome {
    if lookedAt == now { return .unchanged }
    lookedAt = now
    if location == .builtIn, FileStamp(of: usualPath) != nil { location = .file(usualPath) }
    // Taken before the files are read: what changes while they are is seen next time.
    let found = currentStamps()
    if found == stamps, faults.isEmpty { return .unchanged }
    let hadFaults = !faults.isEmpty
    do {
      let loaded = try ConfigurationFile.load(location, environment: environment)
      let isNew = loaded != current || hadFaults
      faults = []
      // The files that are read may be others now.
      stamps = loaded.readFiles == current?.readFiles ? found : nil
      current = loaded
      return isNew ? .changed(loaded) : .unchanged
    } catch {
      let isNews = error.errors != faults || found != stamps
      faults = error.errors
      stamps = found
      return isNews ? .failed(error.errors) : .unchanged
    }
  }

  private func currentStamps() -> [FileStamp?] {
    var paths: [String] = []
    if case .file(let path) = location { paths.append(path) }
    return (paths + (current?.readFiles ?? [])).map { FileStamp(of: $0) }
  }
}
