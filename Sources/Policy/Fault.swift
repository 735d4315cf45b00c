// SPDX-License-Identifier: AGPL-3.0-or-later

/// An event could not be judged: the state could not be read or written, or holds what it never should.
///
/// A fault is neither accept nor reject of the event: it is answered `error:` and changes nothing (architecture, law 4).
public struct Fault: Error, Sendable, CustomStringConvertible {
  /// What is told to the client, after `error: `; no detail of this machine.
  public let answer: String
  /// What is told to the operator, in the log.
  public let detail: String

  public init(answer: String, detail: String) {
    self.answer = answer
    self.detail = detail
  }

  /// A record in the state cannot be decoded.
  public static func corrupt(_ table: Table, _ what: String) -> Fault {
    Fault(
      answer: "state unavailable",
      detail: "table \(table.name) holds a record that cannot be read: \(what); run `commonsguard rebuild` from an export")
  }

  /// An invariant would break: the event is refused rather than a broken state stored.
  public static func invariant(_ what: String) -> Fault {
    Fault(answer: "internal invariant", detail: "an invariant would be broken: \(what)")
  }

  public var description: String { detail }
}
