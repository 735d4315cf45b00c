// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// libFuzzer's entry point: any bytes as one line from strfry. What the parser accepts has to hold together; whatever breaks that aborts here.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLine(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let line = UnsafeRawBufferPointer(start: data, count: count)
  // strfry's lines end at a newline, so none can be in one.
  guard !line.contains(0x0a) else { return 0 }
  let found = EventIDFinder.find(in: line)
  if let found { checkEchoable(found, in: line) }
  switch RequestParse.parse(line) {
  case .request(let request): check(request, found, in: line)
  case .lookback: break
  case .unknownType(let id), .invalid(_, let id):
    precondition(id == found, "two ways to find the id differ")
  }
  return 0
}

/// An id that is echoed lies in the line, is a string, and fits into an answer.
private func checkEchoable(_ id: Range<Int>, in line: UnsafeRawBufferPointer) {
  precondition(id.lowerBound >= 0 && id.upperBound <= line.count, "the id is outside the line")
  precondition((2...4096).contains(id.count), "the id is no string, or too long")
  precondition(line[id.lowerBound] == 0x22 && line[id.upperBound - 1] == 0x22, "the id has no quotes")
}

private func check(_ request: RequestSlices, _ found: Range<Int>?, in line: UnsafeRawBufferPointer) {
  precondition(found == request.event.idSlice, "the id of a good request is not found")
  for slice in [request.sourceTypeSlice, request.sourceInfo, request.authed] {
    guard let slice else { continue }
    precondition(slice.lowerBound >= 0 && slice.upperBound <= line.count && slice.count >= 2, "a slice is outside the line")
    _ = request.text(slice)
  }
  check(request.event)
  _ = request.event.hasTag("t")
  _ = request.event.hasTag("t", "crowdfunding")
}

/// The slices lie in the event, it decodes, and its raw object is the same event when it is parsed alone.
private func check(_ event: EventSlices) {
  precondition(event.raw.lowerBound >= 0 && event.raw.upperBound <= event.line.count, "the event is outside the line")
  for slice in [event.idSlice, event.pubkeySlice, event.createdAtSlice, event.kindSlice, event.tagsSlice, event.contentSlice] {
    precondition(slice.lowerBound > event.raw.lowerBound && slice.upperBound < event.raw.upperBound, "a slice is outside the event")
  }
  do {
    let decoded = try event.decode()
    precondition(decoded.id.value == event.id && decoded.raw.count == event.raw.count, "decoded to another event")
    precondition(decoded.tags.isEmpty || decoded.tags.allSatisfy { $0.count >= 0 }, "tags without a count")
    precondition(decoded.tags.contains { $0.name == "t" } == event.hasTag("t"), "a tag is found in one form only")
    let again = try Event(parsing: decoded.raw)
    precondition(again.id == decoded.id && again.content == decoded.content && again.tags.count == decoded.tags.count, "another event alone")
  } catch {
    preconditionFailure("an accepted event does not decode: \(error)")
  }
}
