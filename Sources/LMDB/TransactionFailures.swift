// SPDX-License-Identifier: AGPL-3.0-or-later
/// Remembers the first error that LMDB gave inside a write transaction: after it nothing may be committed, even if the closure caught it.
final class TransactionFailures {
  private(set) var first: LMDBError?

  @inline(__always)
  func watching<R>(_ body: () throws -> R) throws -> R {
    do { return try body() } catch {
      if first == nil { first = error as? LMDBError }
      throw error
    }
  }
}
