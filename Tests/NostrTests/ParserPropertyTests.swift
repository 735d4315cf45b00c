// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Nostr
import TestSupport
import Testing

@Suite("The parser against Foundation's")
struct ParserPropertyTests {
  @Test("generated valid events are taken by both, with equal tags and content", arguments: [11, 12, 13, 14] as [UInt64])
  func generated(seed: UInt64) throws {
    var generator = GeneratedEvent(seed: seed)
    for number in 0..<300 {
      let json = Array(generator.next().utf8)
      let event = try Event(parsing: json)
      #expect(try FoundationEvent(json).agrees(with: event), "seed \(seed) event \(number): \(String(decoding: json, as: UTF8.self))")
    }
  }

  @Test("mutated bytes never crash, and what is taken Foundation takes too", arguments: [21, 22, 23, 24] as [UInt64])
  func mutated(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    var generator = GeneratedEvent(seed: seed)
    let alphabet: [UInt8] = Array("\"\\{}[],:0eE-+.u \n".utf8) + [0x00, 0x1f, 0x7f, 0x80, 0xc2, 0xe0, 0xed, 0xf4, 0xff]
    for number in 0..<200 {
      var json = number % 2 == 0 ? Array(generator.next().utf8) : TestKey(1).json(kind: 1, tags: [["e", "é"]], content: "text \"x\" \n")
      for _ in 0..<10 {
        let position = Int.random(in: 0..<json.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: json.remove(at: position)
        case 1: json.insert(alphabet.randomElement(using: &random) ?? 0, at: position)
        case 2: json[position] = alphabet.randomElement(using: &random) ?? 0
        default: json[position] = UInt8.random(in: 0...255, using: &random)
        }
        let taken = try? Event(parsing: json)
        if let taken {
          #expect(throws: Never.self, "seed \(seed) event \(number): \(json)") { try FoundationEvent(json) }
          #expect(try FoundationEvent(json).agrees(with: taken), "seed \(seed) event \(number): \(json)")
        }
        withRequest(requestLine(json: json)) { parse, bytes in
          let id = EventIDFinder.find(in: bytes)
          if case .request(let request) = parse { #expect(id == request.event.idSlice && taken != nil, "seed \(seed) event \(number)") }
        }
      }
    }
  }
}
