// SPDX-License-Identifier: AGPL-3.0-or-later
import Synchronization

/// How many rows were put or deleted; told by a store's fault injection.
final class Touched: Sendable {
  let count = Atomic<Int>(0)
}
