// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport

/// One event, key by key as raw JSON, so that a test can change a single one.
struct RawEvent {
  var fields: [(key: String, value: String)] = [
    ("content", "\"hello\""), ("created_at", "1700000000"), ("id", "\"" + String(repeating: "a", count: 64) + "\""), ("kind", "1"),
    ("pubkey", "\"" + String(repeating: "b", count: 64) + "\""), ("sig", "\"" + String(repeating: "c", count: 128) + "\""), ("tags", "[]"),
  ]

  func with(_ key: String, _ value: String?) -> RawEvent {
    var copy = self
    copy.fields.removeAll { $0.key == key }
    if let value { copy.fields.append((key, value)) }
    return copy
  }

  var json: String { "{" + fields.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",") + "}" }
}

/// What the parser says to a bare event: nil when it takes it.
func refusal(of json: some Sequence<UInt8>) -> EventParseError? {
  do {
    _ = try Event(parsing: Array(json))
    return nil
  } catch {
    return error
  }
}

func refusal(of json: String) -> EventParseError? { refusal(of: json.utf8) }

func refusal(of event: RawEvent) -> EventParseError? { refusal(of: event.json.utf8) }

/// Lends a parsed line.
func withRequest<Result>(_ line: [UInt8], _ body: (RequestParse, UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
  try line.withUnsafeBytes { try body(RequestParse.parse($0), $0) }
}

/// The verification of a bare event's bytes; nil when they do not parse.
func verification(of json: [UInt8]) throws -> Verification? {
  let verifier = try EventVerifier(cachedKeys: 8)
  return json.withUnsafeBytes { bytes in
    guard let slices = try? EventSlices.parse(bytes) else { return nil }
    return verifier.verify(slices)
  }
}
