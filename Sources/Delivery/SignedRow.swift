// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import StateStore

/// A follow-up as the sink gets it.
public struct SignedRow: Sendable {
  /// Its number in the outbox.
  public let sequence: UInt64
  public let id: EventID
  /// The whole signed event as one line of JSON, without the newline.
  public let line: [UInt8]

  public init(sequence: UInt64, id: EventID, event: [UInt8]) {
    self.sequence = sequence
    self.id = id
    // Between the parts of a JSON text a newline means nothing; in strings it cannot stand.
    line = event.contains(UInt8(ascii: "\n")) ? event.map { $0 == UInt8(ascii: "\n") ? UInt8(ascii: " ") : $0 } : event
  }
}

extension Array<SignedRow> {
  /// JSON Lines, each with its newline.
  var lines: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(reduce(0) { $0 + $1.line.count + 1 })
    for row in self {
      bytes += row.line
      bytes.append(UInt8(ascii: "\n"))
    }
    return bytes
  }
}
