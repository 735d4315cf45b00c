// SPDX-License-Identifier: AGPL-3.0-or-later

/// Where follow-ups go (`delivery.sink`).
///
/// At least once: a crash after a delivery and before it is noted delivers again, and the same bytes, since ids and signatures are fixed.
public protocol Sink {
  /// Hands over one batch, in order, and says for each row, in the same order, what became of it. Never throws: a failure is an outcome.
  func deliver(_ batch: [SignedRow]) -> [SinkOutcome]
}

/// What became of one row.
public enum SinkOutcome: Sendable, Equatable {
  case delivered
  /// Try again later; why.
  case retry(String)
  /// It will never be taken; why.
  case failed(String)
}
