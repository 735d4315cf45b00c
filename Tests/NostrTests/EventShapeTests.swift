// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport
import Testing

@Suite("The shape of an event")
struct EventShapeTests {
  @Test("a plain event is taken, with its keys in any order, unknown keys and white space")
  func taken() {
    #expect(refusal(of: RawEvent()) == nil)
    var reversed = RawEvent()
    reversed.fields.reverse()
    #expect(refusal(of: reversed) == nil)
    #expect(refusal(of: RawEvent().with("seen_on", "[1,{\"a\":null}]")) == nil)
    #expect(refusal(of: " {\n\t\"tags\" : [ [ \"a\" , \"b\" ] , [ ] ] ,\r\n" + RawEvent().with("tags", nil).json.dropFirst() + " \n") == nil)
    #expect(refusal(of: "{\"\\u0069d\":\"\(String(repeating: "a", count: 64))\"," + RawEvent().with("id", nil).json.dropFirst()) == nil)
  }

  @Test(
    "a missing key is refused by its name",
    arguments: [
      ("id", .missingID), ("pubkey", .missingPubkey), ("sig", .missingSignature), ("created_at", .missingCreatedAt), ("kind", .missingKind),
      ("tags", .missingTags), ("content", .missingContent),
    ] as [(String, EventParseError)])
  func missing(key: String, error: EventParseError) { #expect(refusal(of: RawEvent().with(key, nil)) == error) }

  @Test("id and pubkey are 64, sig is 128 lowercase hex digits", arguments: ["id", "pubkey", "sig"])
  func hex(key: String) {
    let error: EventParseError = key == "id" ? .badID : key == "pubkey" ? .badPubkey : .badSignatureShape
    let count = key == "sig" ? 128 : 64
    let digits = String(repeating: "0f", count: count / 2)
    #expect(refusal(of: RawEvent().with(key, "\"\(digits)\"")) == nil)
    let wrongs = [
      "\"\(digits.dropLast())\"", "\"\(digits)0\"", "\"\(digits.uppercased())\"", "\"\(digits.dropLast())g\"",
      "\"0x\(digits.dropLast(2))\"", "\"\"", "7", "null", "[]", "{}", "\"\\u0030\(digits.dropFirst())\"",
    ]
    for wrong in wrongs {
      #expect(refusal(of: RawEvent().with(key, wrong)) == error, "\(wrong)")
      #expect(refusal(of: RawEvent().with(key, nil).with(key, wrong).with("zz", "1")) == error, "\(wrong)")
    }
  }

  @Test("created_at and kind are exact integers up to 2^64 - 1", arguments: ["created_at", "kind"])
  func integers(key: String) throws {
    for right in ["0", "1", "1700000000", "18446744073709551615"] { #expect(refusal(of: RawEvent().with(key, right)) == nil, "\(right)") }
    let error: EventParseError = key == "kind" ? .badKind : .badCreatedAt
    let wrongs = [
      "-1", "-0", "01", "00", "1.0", "1.", "1e3", "1E3", "18446744073709551616",
      "99999999999999999999999", "\"1\"", "null", "true", "[1]", "+1",
    ]
    for wrong in wrongs {
      #expect(refusal(of: RawEvent().with(key, wrong)) == error, "\(wrong)")
      #expect(refusal(of: RawEvent().with(key, wrong).with("zz", "1")) == error, "\(wrong)")
    }
    let event = try Event(parsing: Array(RawEvent().with(key, "18446744073709551615").json.utf8))
    #expect((key == "kind" ? event.kind : event.createdAt) == UInt64.max)
  }

  @Test("content is a string")
  func content() {
    #expect(refusal(of: RawEvent().with("content", "\"\\u0000\\n\"")) == nil)
    for wrong in ["1", "null", "[]", "{}", "true"] { #expect(refusal(of: RawEvent().with("content", wrong)) == .badContent, "\(wrong)") }
  }

  @Test("tags are arrays whose first two elements are strings, with anything from the third on")
  func tags() {
    for right in ["[]", "[[]]", "[[\"a\"]]", "[[\"a\",\"b\"],[]]", "[[\"a\",\"b\",1,null,true,[{\"x\":[]}],{}]]"] {
      #expect(refusal(of: RawEvent().with("tags", right)) == nil, "\(right)")
    }
    for wrong in ["{}", "\"\"", "null", "1"] { #expect(refusal(of: RawEvent().with("tags", wrong)) == .badTags, "\(wrong)") }
    for wrong in ["[1]", "[\"a\"]", "[{}]", "[[],null]"] { #expect(refusal(of: RawEvent().with("tags", wrong)) == .badTag, "\(wrong)") }
    for wrong in ["[[1]]", "[[\"a\",null]]", "[[[\"a\"]]]", "[[\"a\",{}]]"] {
      #expect(refusal(of: RawEvent().with("tags", wrong)) == .badTagElement, "\(wrong)")
    }
    for wrong in ["[[\"a\",]]", "[[\"a\"],]", "[,]", "[[\"a\" \"b\"]]", "[[\"a\"]"] {
      #expect(refusal(of: RawEvent().with("tags", wrong)) != nil, "\(wrong)")
    }
  }

  @Test("a key twice is refused, however it is spelled and wherever the object is")
  func duplicateKeys() {
    let json = RawEvent().json
    let extras = [
      "\"id\":\"\(String(repeating: "a", count: 64))\"", "\"\\u0069d\":1", "\"x\":1,\"x\":2",
      "\"x\":1,\"\\u0078\":2", "\"x\":{\"a\":1,\"a\":1}",
    ]
    for extra in extras {
      #expect(refusal(of: json.dropLast() + ",\(extra)}") == .duplicateKey, "\(extra)")
    }
    #expect(refusal(of: RawEvent().with("tags", "[[\"a\",\"b\",{\"k\":[{\"j\":1,\"i\":2,\"j\":3}]}]]")) == .duplicateKey)
    #expect(refusal(of: RawEvent().with("tags", "[[\"a\",\"b\",{\"k\":{\"k\":1},\"j\":\"k\"},{\"k\":[\"k\",\"k\"]}]]")) == nil)
  }

  @Test("an object has at most 1024 keys")
  func manyKeys() {
    func object(_ count: Int) -> String { "{" + (0..<count).map { "\"k\($0)\":0" }.joined(separator: ",") + "}" }
    #expect(refusal(of: RawEvent().with("x", object(1024))) == nil)
    #expect(refusal(of: RawEvent().with("x", object(1025))) == .tooManyKeys)
  }

  @Test("a value nests at most 512 deep, and a million brackets are an error like any other")
  func depth() {
    func nested(_ depth: Int) -> String { String(repeating: "[", count: depth) + String(repeating: "]", count: depth) }
    #expect(refusal(of: RawEvent().with("x", nested(512))) == nil)
    #expect(refusal(of: RawEvent().with("x", nested(513))) == .tooDeep)
    #expect(refusal(of: RawEvent().with("x", nested(1_000_000))) == .tooDeep)
    #expect(refusal(of: RawEvent().with("x", String(repeating: "{\"a\":", count: 600))) == .tooDeep)
  }

  @Test("a bare event is the whole input")
  func trailing() {
    #expect(refusal(of: RawEvent().json + "{}") == .trailingBytes)
    for wrong in ["", " ", "null", "[]", "7", "\"x\""] { #expect(refusal(of: wrong.utf8) != nil, "\(wrong)") }
    for length in 0..<RawEvent().json.utf8.count { #expect(refusal(of: RawEvent().json.utf8.prefix(length)) != nil, "\(length) bytes") }
  }
}
