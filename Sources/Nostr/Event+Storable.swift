// SPDX-License-Identifier: AGPL-3.0-or-later

extension Event {
  /// Whether a relay can store the event: strfry refuses empty tags, and `e` and `p` whose values are not 64 hex digits (either case), after its policy
  /// has answered. Source: constellation spec, rule 10; strfry's `nostrJsonToPackedEvent`.
  ///
  /// - Parameter maxBytes: how long the event's JSON may be (strfry's `events.maxEventSize`).
  public func isStorable(maxBytes: Int) -> Bool { raw.count <= maxBytes && tags.storage.fitsRelays }
}
