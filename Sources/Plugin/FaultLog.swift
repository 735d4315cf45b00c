// SPDX-License-Identifier: AGPL-3.0-or-later

/// What was said already, for a while: a fault that lasts meets every event, and is one line in the log and not one for each.
public struct FaultLog {
  /// The same words are said again after so long.
  public static let againSeconds = 600
  /// So many different ones; then that there are more.
  public static let maxDistinct = 20

  private var said: Set<String> = []
  private var since = 0

  public init() {}

  public enum News: Equatable {
    case said
    case new
    /// The last one: more are not told for a while.
    case tooMany
  }

  /// - Parameter seconds: a monotonic clock.
  public mutating func news(_ words: String, at seconds: Int) -> News {
    if seconds - since >= Self.againSeconds {
      said = []
      since = seconds
    }
    guard said.count <= Self.maxDistinct, said.insert(words).inserted else { return .said }
    return said.count <= Self.maxDistinct ? .new : .tooMany
  }
}
