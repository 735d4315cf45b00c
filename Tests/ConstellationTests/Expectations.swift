// SPDX-License-Identifier: AGPL-3.0-or-later
import Testing

/// What is expected of a constellation today.
enum Expectations {
  /// The rules of the constellation spec are in the program: then every promise is kept, and no failure is a known one.
  static let rulesAreThere = true
}

/// Runs what holds only with certain rules.
///
/// - Parameter rules: what is missing until then.
func needing(_ rules: Comment, _ body: () throws -> Void) throws {
  if Expectations.rulesAreThere { try body() } else { withKnownIssue(rules, isIntermittent: true, body) }
}
