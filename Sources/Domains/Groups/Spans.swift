// SPDX-License-Identifier: AGPL-3.0-or-later

/// Disjoint spans of time, ascending; each begins inclusive and ends exclusive.
struct Spans: Sendable, Equatable {
  struct Span: Sendable, Equatable {
    var start: UInt64
    var end: UInt64
  }

  private(set) var list: [Span] = []

  static let always = Spans([Span(start: 0, end: .max)])

  init(_ spans: [Span] = []) {
    for span in spans.sorted(by: { $0.start < $1.start }) where span.start < span.end {
      if let last = list.last, span.start <= last.end {
        list[list.count - 1].end = max(last.end, span.end)
      } else {
        list.append(span)
      }
    }
  }

  var isEmpty: Bool { list.isEmpty }

  func union(_ other: Spans) -> Spans {
    if isEmpty { return other }
    if other.isEmpty { return self }
    return Spans(list + other.list)
  }

  func intersection(_ other: Spans) -> Spans {
    if other == .always { return self }
    var result: [Span] = []
    for left in list {
      for right in other.list where right.start < left.end && left.start < right.end {
        result.append(Span(start: max(left.start, right.start), end: min(left.end, right.end)))
      }
    }
    return Spans(result)
  }

  func contains(_ time: UInt64) -> Bool { list.contains { $0.start <= time && time < $0.end } }
  /// Every moment from `start` to `end`, both inclusive.
  func covers(_ start: UInt64, _ end: UInt64) -> Bool { list.contains { $0.start <= start && end < $0.end } }
  /// Some moment of it, both inclusive.
  func touches(_ start: UInt64, _ end: UInt64) -> Bool { list.contains { $0.start <= end && start < $0.end } }
  /// Ten days without a break; or some moment of them, and thirty days in all. Source: groups, 6.3.
  func makesVoter(at time: UInt64) -> Bool {
    guard time >= GroupTimes.voterWindow else { return false }
    let start = time - GroupTimes.voterWindow
    return covers(start, time) || (touches(start, time) && total(before: time) >= GroupTimes.exAdminTotal)
  }
  /// Seconds before a time.
  func total(before time: UInt64) -> UInt64 {
    list.reduce(0) { $0.saturatingAdd($1.start < time ? min($1.end, time) - $1.start : 0) }
  }
}
