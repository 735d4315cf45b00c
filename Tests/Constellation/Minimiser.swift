// SPDX-License-Identifier: AGPL-3.0-or-later

/// Takes steps away from a failing history as long as it still fails in the same way.
public enum Minimiser {
  /// - Parameter isFailing: lives through a history anew. - Returns: the shortest that was found.
  public static func minimise(_ history: History, isFailing: (History) -> Bool) -> History {
    var shortest = history
    var size = max(1, history.steps.count / 2)
    while true {
      var isShortened = false
      var start = 0
      while start < shortest.steps.count {
        var candidate = shortest
        candidate.steps.removeSubrange(start..<min(start + size, candidate.steps.count))
        if isFailing(candidate) {
          shortest = candidate
          isShortened = true
        } else {
          start += size
        }
      }
      if size > 1 { size /= 2 } else if !isShortened { return withoutLateRelays(shortest, isFailing) }
    }
  }

  private static func withoutLateRelays(_ history: History, _ isFailing: (History) -> Bool) -> History {
    var candidate = history
    candidate.shape.relays = history.shape.early
    return candidate.shape != history.shape && isFailing(candidate) ? candidate : history
  }
}
