// SPDX-License-Identifier: AGPL-3.0-or-later

/// A constellation with one rule taken away, from outside: the simulator has to find it.
public enum Mutant: String, CaseIterable, Sendable {
  /// The sink drops the archives (rule 2).
  case noArchives = "no-archives"
  /// The sink drops the labels (rules 3, 4, 7), all of them or those of one name.
  case noLabels = "no-labels"
  case noApprovedLabels = "no-vote-approved-labels"
  case noTakenBackLabels = "no-vote-taken-back-labels"
  case noRecordedLabels = "no-vote-recorded-labels"
  case noGroupLabels = "no-group-accepted-labels"
  /// The second relay has no key (rule 2, last words of its first part).
  case keyless
  /// Nobody lists the others' keys: their archives and labels are not believed (rules 2 and 7).
  case strangers
  /// Pushes of listed relays are judged as those of clients (rule 1).
  case peersAsClients = "peers-as-clients"
  /// Five events may wait (rule 5).
  case smallParking = "small-parking"
  /// What the relay lost is not delivered again (rule 6).
  case noConfirm = "no-confirm"
  /// Of two updates of a collective the first seen counts (collectives, 4.5).
  case firstSeen = "first-seen"

  /// The label's name that the sink drops; empty for every one.
  var droppedLabel: String? {
    switch self {
    case .noLabels: ""
    case .noApprovedLabels: "vote-approved"
    case .noTakenBackLabels: "vote-taken-back"
    case .noRecordedLabels: "vote-recorded"
    case .noGroupLabels: "group-accepted"
    default: nil
    }
  }
}
