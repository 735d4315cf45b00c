// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// Tells what the relay has stored.
public protocol StoredLookup: Sendable {
  /// Those of the ids that are stored, and why the others may be missing, when that cannot be told.
  func stored(_ ids: [EventID]) -> (found: Set<EventID>, failure: String?)
  /// Whether an event of one of these kinds is stored; nil where that cannot be told.
  func hasAny(of kinds: [UInt64]) -> Bool?
}
