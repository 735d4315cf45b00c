// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import StateStore

/// What became of one row, to be noted in the outbox.
struct OutboxMark {
  enum Fate: Equatable {
    case delivered
    case retry(String, at: UInt64)
    case failed(String)
    case held(String)
  }

  let row: OutboxRow
  let fate: Fate
  /// Unix milliseconds.
  let at: UInt64

  var isHeld: Bool { if case .held = fate { true } else { false } }

  func note(in state: borrowing StateWriter) throws {
    switch fate {
    case .delivered: try state.markDelivered(row.sequence, at: at / 1000)
    case .retry(let error, let next): try state.markAttemptFailed(row.sequence, error: error, nextAttemptAt: next)
    case .failed(let error): try state.markFailed(row.sequence, error: error)
    case .held(let error): try state.holdFollowUp(row.sequence, error: error)
    }
  }
}
