// SPDX-License-Identifier: AGPL-3.0-or-later

/// Who is paid next, so that payments follow merits over time (deficit round robin; spec 5.1). Pure, 128-bit, no floats.
///
/// Bounds that keep every product below 2¹²⁷: merits sum up to less than 2⁵³, at most 1000 rows, each paid a UInt64.
public enum RoundRobin {
  /// What one holder, or one row, has and got.
  public struct Share<Key: Comparable & Sendable>: Sendable {
    public let key: Key
    public let merits: UInt64
    public let paid: UInt64

    public init(key: Key, merits: UInt64, paid: UInt64) {
      self.key = key
      self.merits = merits
      self.paid = paid
    }
  }

  /// The share with the largest deficit after a payment; of equal ones the one with more merits, then with the lower key.
  ///
  /// - Parameters:
  ///   - shares: one for each holder, all of them.
  ///   - isEligible: whether a holder can be paid; the others keep accumulating their deficit.
  /// - Returns: nil when nobody with merits is eligible: then the creator is paid.
  public static func next<Key>(among shares: [Share<Key>], amount: UInt64, isEligible: (Key) -> Bool = { _ in true }) -> Key? {
    let (merits, paid) = sums(shares)
    return best(shares.filter { $0.merits > 0 && isEligible($0.key) }, amount: amount, merits: merits, paid: paid)
  }

  /// Which of a holder's rows a payment goes to.
  ///
  /// - Parameters:
  ///   - rows: all rows of all holders.
  ///   - isTheirs: whether a row is the payee's.
  public static func row<Key>(among rows: [Share<Key>], amount: UInt64, isTheirs: (Key) -> Bool) -> Key? {
    let (merits, paid) = sums(rows)
    return best(rows.filter { isTheirs($0.key) }, amount: amount, merits: merits, paid: paid)
  }

  private static func sums<Key>(_ shares: [Share<Key>]) -> (merits: Int128, paid: Int128) {
    shares.reduce((Int128(0), Int128(0))) { ($0.0 + Int128($1.merits), $0.1 + Int128($1.paid)) }
  }

  private static func best<Key>(_ shares: [Share<Key>], amount: UInt64, merits: Int128, paid: Int128) -> Key? {
    func deficit(_ share: Share<Key>) -> Int128 { Int128(share.merits) * (paid + Int128(amount)) - Int128(share.paid) * merits }
    var best: (share: Share<Key>, deficit: Int128)?
    for share in shares {
      let deficit = deficit(share)
      guard let leader = best else {
        best = (share, deficit)
        continue
      }
      let isBetter =
        deficit != leader.deficit
        ? deficit > leader.deficit
        : share.merits != leader.share.merits ? share.merits > leader.share.merits : share.key < leader.share.key
      if isBetter { best = (share, deficit) }
    }
    return best?.share.key
  }
}
