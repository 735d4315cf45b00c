// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// An event to be judged, and the rule that it is aimed at.
struct HostileEvent {
  let rule: String
  let raw: [UInt8]
  var source = SourceType.ip4
  /// nil: the scene's present.
  var receivedAt: UInt64?
  /// Judged without being written: what it would leave behind would spoil the state for the next ones.
  var isDry = false
}

/// A hostile state, and the hostile events that are sent to it.
struct HostileShape: Sendable {
  /// `domain.what`.
  let name: String
  /// How large the state is; the upper ends are what the limits allow.
  let state: [Dial]
  /// What the events look like.
  let event: [Dial]
  /// Builds the state, and hands back what makes one event from the event's dials. It looks at `HostileScene.isOver` where it builds much.
  let build: @Sendable (HostileScene, Dials) throws -> (Dials) throws -> HostileEvent

  static let all = crowdfunding + campaignContents + groups + groupHistories + groupContents + collectives + evidence + anybodys
}
