// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// What must hold after each accepted update, whatever the checks above thought (4.6, I1–I6). A violation refuses the event as a fault.
enum Invariants {
  /// - Parameters:
  ///   - base: the rows before, `rows` those after; both by request.
  ///   - approved: the merits of the approvals consumed, and of a genesis row.
  ///   - outcome: what the diff consumed; nil where there was none.
  static func check(_ base: [MeritRow], _ rows: [MeritRow], approved: UInt64, incoming: UInt64, author: PublicKey, outcome: MeritDiff.Outcome?) throws {
    try sums(base, rows, approved: approved, incoming: incoming)
    for old in base {
      guard let index = rows.index(of: old.request) else { throw Fault.invariant("I1, merit \(old.request.short) is gone") }
      let new = rows[index]
      guard new.paid >= old.paid else { throw Fault.invariant("I3, paid of \(old.request.short) went down") }
      if new.outstanding < old.outstanding {
        guard new.paid - old.paid >= old.outstanding - new.outstanding else { throw Fault.invariant("I4, outstanding of \(old.request.short) vanished") }
      }
    }
    for (index, row) in rows.enumerated() where index > 0 {
      guard rows[index - 1].request < row.request else { throw Fault.invariant("I5, rows out of order") }
    }
    guard let outcome else { return }
    // A receipt, or the owner's word, for each change that is not the author's own.
    let proven = base.count { old in
      guard let index = rows.index(of: old.request) else { return false }
      return rows[index].owner != old.owner || rows[index].leadtime != old.leadtime && old.owner != author
    }
    guard outcome.consumed.count >= proven, outcome.consumed.allSatisfy(outcome.used.contains) else {
      throw Fault.invariant("I6, a proof is not written down")
    }
  }

  private static func sums(_ base: [MeritRow], _ rows: [MeritRow], approved: UInt64, incoming: UInt64) throws {
    func merits(_ rows: [MeritRow]) -> UInt128 { rows.reduce(0) { $0 + UInt128($1.amount) } }
    func sats(_ rows: [MeritRow]) -> UInt128 { rows.reduce(0) { $0 + UInt128($1.outstanding) + UInt128($1.paid) } }
    guard merits(rows) == merits(base) + UInt128(approved) else { throw Fault.invariant("I1, merits do not add up") }
    guard sats(rows) == sats(base) + UInt128(incoming) else { throw Fault.invariant("I2, sats do not add up") }
  }
}
