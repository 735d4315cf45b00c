// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// libFuzzer's entry point: any bytes as a bare event, and everything that reads an event's insides. What does not hold together aborts here.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzEvent(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = UnsafeRawBufferPointer(start: data, count: count)
  let parsed = try? Event(parsing: Array(bytes))
  do throws(EventParseError) {
    let slices = try EventSlices.parse(bytes)
    guard let parsed else { preconditionFailure("slices of what is no event") }
    check(slices, parsed)
  } catch {
    precondition(parsed == nil, "an event without slices")
  }
  checkUnsigned(Array(bytes))
  checkContent(Array(bytes))
  return 0
}

private func check(_ slices: EventSlices, _ event: Event) {
  precondition(slices.raw.lowerBound >= 0 && slices.raw.upperBound <= slices.line.count, "the event is outside the bytes")
  precondition(event.id.value == slices.id && event.pubkey.value == slices.pubkey, "two keys for one event")
  precondition(event.kind == slices.kind && event.createdAt == slices.createdAt, "two kinds or times for one event")
  do {
    let again = try Event(parsing: event.raw)
    precondition(again.id == event.id, "the raw object is another event")
  } catch {
    preconditionFailure("the raw object is no event: \(error)")
  }
  for tag in event.tags {
    for position in 0..<tag.count { _ = tag[position]?.string }
    if let address = tag[1].flatMap({ Address(parsing: $0) }) {
      precondition(Address(parsing: address.text) == address, "an address does not read back")
    }
  }
  let isFound = slices.hasTag("t", "crowdfunding")
  precondition(event.tags.contains("t", value: "crowdfunding") == isFound, "a tag is found in one form only")
  _ = event.address
  _ = event.kindClass
  _ = event.isExpired(at: event.createdAt)
  _ = event.reactedEvent
  _ = event.reactedAuthor
  _ = event.deletionTargets
  checkTree(event.content)
}

/// The content, as campaigns of the Contract's dialect have it: JSON of anybody's making.
private func checkContent(_ bytes: [UInt8]) {
  if let text = Text(validating: bytes) { checkTree(text) }
}

private func checkTree(_ text: Text) {
  guard let tree = JSONValue(parsing: text) else { return }
  _ = tree.contains { text, _ in text == "nsec1" }
  _ = tree["totals"]?["zen_convertible_target"]?.numeric?.decimal
}

/// An event of ours reads back from its own form, byte for byte.
private func checkUnsigned(_ bytes: [UInt8]) {
  if let event = UnsignedEvent(form: bytes) { precondition(event.form == bytes, "a form reads back as another") }
  guard let event = UnsignedEvent(parsing: bytes) else { return }
  precondition(UnsignedEvent(form: event.form) == event, "an unsigned event's form does not read back")
  precondition(UnsignedEvent(parsing: event.json) == event, "an unsigned event does not read back")
}
