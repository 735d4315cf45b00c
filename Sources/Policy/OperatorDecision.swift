// SPDX-License-Identifier: AGPL-3.0-or-later

/// A decision of the operator that changes the state, journalled with who and why like an event (`campaign trust`, `economy rebind`).
public struct OperatorDecision: Sendable, Equatable {
  public let domain: Domain
  /// What is decided: `trust`.
  public let action: String
  /// On what: a project id.
  public let subject: String
  /// Who decided, as the operator names themself.
  public let by: String
  public let reason: String
  /// Unix seconds.
  public let at: UInt64

  public init(domain: Domain, action: String, subject: String, by: String, reason: String, at: UInt64) {
    self.domain = domain
    self.action = action
    self.subject = subject
    self.by = by
    self.reason = reason
    self.at = at
  }
}
