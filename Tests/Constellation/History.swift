// SPDX-License-Identifier: AGPL-3.0-or-later

/// What happens to a few relays. A plain list of steps, so that it can be shortened.
public struct History: Sendable, CustomStringConvertible {
  /// How the relays of a history are.
  struct Shape: Sendable, Equatable {
    /// All of them, and those that are there from the beginning; the others come when all is quiet.
    var relays = 2
    var early = 2
    /// Each exchanges only with those beside it.
    var isLine = false
    /// `relay.peers` lists the others.
    var listsPeers = true
    var hasSnapshots = false
  }

  /// The time at which every history begins; a multiple of a thousand, to be read in messages.
  static let start: UInt64 = 1_750_000_000

  /// What it was drawn from; nil for one that was written by hand.
  public let seed: UInt64?
  var shape: Shape
  var steps: [Step]

  init(seed: UInt64? = nil, _ shape: Shape = Shape(), steps: [Step]) {
    self.seed = seed
    self.shape = shape
    self.steps = steps
  }

  /// The same seed is the same history for ever. Odd seeds have malicious users.
  public init(seed: UInt64) {
    var drawing = HistoryDrawing(seed: seed)
    self = drawing.history()
  }

  /// The same without what relays drop or lose: edits, updates, deletions, kills. What is left are reactions and groups.
  var withoutLosses: History {
    var copy = self
    copy.steps.removeAll { $0.losesSomething }
    return copy
  }

  public var description: String {
    let late = shape.relays - shape.early
    var words = "\(shape.relays) relays\(late > 0 ? ", \(late) of them late" : "")\(shape.isLine ? ", in a line" : "")"
    if !shape.listsPeers { words += ", no peers listed" }
    return ([words] + steps.map(\.description)).joined(separator: "\n")
  }
}
