// SPDX-License-Identifier: AGPL-3.0-or-later

/// Records which checks of a staircase an event entered, for `explain`. Absent on the request path.
public final class CheckTrace {
  /// The checks entered, by their ids in the spec (`K5`), in order. When the event was refused, the last one refused it.
  public private(set) var entered: [String] = []

  public init() {}

  public func enter(_ check: StaticString) { entered.append("\(check)") }
}
