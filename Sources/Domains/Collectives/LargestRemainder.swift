// SPDX-License-Identifier: AGPL-3.0-or-later

/// Splits a whole number by weights so that the shares sum up to it exactly (largest remainder; spec 5.2). Pure, 128-bit, no floats.
public enum LargestRemainder {
  /// - Parameters:
  ///   - amount: what is split.
  ///   - weights: each with the key that breaks ties; keys differ. Their sum fits into 64 bits; else nobody gets anything.
  /// - Returns: the shares, in the order of the weights; each is within 1 of the exact share. All 0 when every weight is.
  public static func split<Key: Comparable>(_ amount: UInt64, by weights: [(key: Key, weight: UInt64)]) -> [UInt64] {
    var whole: UInt64 = 0
    for entry in weights {
      let (sum, overflow) = whole.addingReportingOverflow(entry.weight)
      guard !overflow else { return weights.map { _ in 0 } }
      whole = sum
    }
    guard whole > 0 else { return weights.map { _ in 0 } }
    var shares: [UInt64] = []
    var remainders: [UInt64] = []
    shares.reserveCapacity(weights.count)
    remainders.reserveCapacity(weights.count)
    var given: UInt64 = 0
    for entry in weights {
      // No trap: a weight is at most the whole, so the quotient is at most the amount. The shares together are, too.
      let product = amount.multipliedFullWidth(by: entry.weight)
      let (share, remainder) =
        product.high == 0 ? product.low.quotientAndRemainder(dividingBy: whole) : whole.dividingFullWidth(product)
      shares.append(share)
      remainders.append(remainder)
      given &+= share
    }
    let left = Int(clamping: amount &- given)
    guard left > 0, left <= remainders.count else { return shares }
    // Fewer are left than there are weights with a remainder. Those above the last remainder that counts get one each; only among those that
    // have just this remainder the weights and keys have to be compared.
    let last = ranked(remainders, left - 1)
    var ties: [Int] = []
    var rest = left
    for (index, remainder) in remainders.enumerated() {
      if remainder > last {
        shares[index] &+= 1
        rest -= 1
      } else if remainder == last {
        ties.append(index)
      }
    }
    ties.sort { one, other in
      weights[one].weight != weights[other].weight ? weights[one].weight > weights[other].weight : weights[one].key < weights[other].key
    }
    for index in ties.prefix(rest) { shares[index] &+= 1 }
    return shares
  }

  /// The value that stands at `rank` when all are in descending order; `rank` is one of their indices. A payment is split for each of an update's
  /// receipts, twice, so they are not sorted for it.
  static func ranked(_ values: [UInt64], _ rank: Int) -> UInt64 {
    var candidates = values
    var rank = rank
    // Each round halves them, mostly; values made to be bad for the choice of the pivot are sorted in the end.
    for _ in 0..<24 where candidates.count > 8 {
      let trio = [candidates[0], candidates[candidates.count / 2], candidates[candidates.count - 1]]
      let pivot = max(min(trio[0], trio[1]), min(max(trio[0], trio[1]), trio[2]))
      let above = candidates.filter { $0 > pivot }
      if rank < above.count {
        candidates = above
        continue
      }
      let below = candidates.filter { $0 < pivot }
      guard rank >= candidates.count - below.count else { return pivot }
      rank -= candidates.count - below.count
      candidates = below
    }
    return candidates.sorted(by: >)[rank]
  }
}
