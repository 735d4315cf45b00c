// SPDX-License-Identifier: AGPL-3.0-or-later

/// A request of type `new` as it lies in the line buffer; a borrowed view like the `EventSlices` in it. No heap.
///
/// `sourceInfo` and `authed` are raw JSON strings, with their quotes, as offsets into `event.line`.
public struct RequestSlices {
  public internal(set) var event: EventSlices
  /// Seconds since 1970, by strfry's clock; nil when absent.
  public internal(set) var receivedAt: UInt64?
  public internal(set) var sourceType = SourceType.other
  public internal(set) var sourceTypeSlice: Range<Int>?
  public internal(set) var sourceInfo: Range<Int>?
  public internal(set) var authed: Range<Int>?

  init(event: EventSlices) { self.event = event }

  /// The text of a raw string slice of this request, as `sourceInfo`.
  public func text(_ slice: Range<Int>) -> Text {
    var bytes: [UInt8] = []
    JSONUnescaper.append(event.line, slice.lowerBound + 1..<slice.upperBound - 1, to: &bytes)
    return Text(utf8: bytes[...])
  }
}
