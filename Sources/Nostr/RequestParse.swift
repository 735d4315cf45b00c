// SPDX-License-Identifier: AGPL-3.0-or-later

/// What one line of strfry's is.
public enum RequestParse {
  /// A well-formed request of type `new`.
  case request(RequestSlices)
  /// A `lookback` of strfry 0.9.0 to 0.9.4: the one line that gets no answer.
  case lookback
  /// A type that strfry did not have when this was written, or none.
  case unknownType(idSlice: Range<Int>?)
  /// Not acceptable. `idSlice` is the raw id to answer with, when one can be found (see `EventIDFinder`).
  case invalid(reason: EventParseError, idSlice: Range<Int>?)

  /// Parses one line, without its newline. Keys in any order, none twice, unknown ones checked and ignored. Never throws: every line is
  /// something. No heap for lines as strfry writes them.
  public static func parse(_ line: UnsafeRawBufferPointer) -> RequestParse {
    var request = RequestSlices(event: EventSlices(line: line))
    do {
      return try RequestParser.parse(line, into: &request) ? .request(request) : classify(line, nil)
    } catch {
      return classify(line, error)
    }
  }

  /// The type decides first, whatever else is wrong: an answer to a lookback would put strfry out of step.
  @inline(never)
  private static func classify(_ line: UnsafeRawBufferPointer, _ reason: EventParseError?) -> RequestParse {
    let found = LenientLine(line)
    let isNew = found.type.map { JSONUnescaper.matches(line, $0.lowerBound + 1..<$0.upperBound - 1, "new") }
    if let type = found.type, JSONUnescaper.matches(line, type.lowerBound + 1..<type.upperBound - 1, "lookback") { return .lookback }
    if isNew != false, let reason { return .invalid(reason: reason, idSlice: found.usableID) }
    return .unknownType(idSlice: found.usableID)
  }
}
