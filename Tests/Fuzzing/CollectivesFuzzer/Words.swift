// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport

/// What `@` and a letter stand for in an input.
struct Words: Sendable {
  private var texts: [UInt8: String] = [:]

  private static let address = "31108:\(Stage.creator.hex):acme"
  private static let block = "848500:" + String(repeating: "0", count: 64)

  private mutating func set(_ letter: StaticString, _ text: String) { letter.withUTF8Buffer { texts[$0[0]] = text } }
  private mutating func set(_ letter: StaticString, _ event: Event) { set(letter, String(decoding: event.raw, as: UTF8.self)) }

  /// An element of a tag: its words replaced, without what an event of ours cannot hold.
  func text(_ bytes: ArraySlice<UInt8>) -> String {
    var result: [UInt8] = []
    var isWord = false
    for byte in bytes {
      if isWord {
        result += texts[byte].map { Array($0.utf8) } ?? [byte]
        isWord = false
      } else if byte == UInt8(ascii: "@") {
        isWord = true
      } else if byte >= 0x20, byte != 0x7f {
        result.append(byte)
      }
      if result.count > 1 << 17 { break }
    }
    return String(decoding: result, as: UTF8.self)
  }

  /// The updates of the collective; fills the words.
  mutating func history() -> [Event] {
    let (creator, member, zapper) = (Stage.creator, Stage.member, Stage.zapper)
    let names = [["d", "acme"], ["lud16", "pay@acme", zapper.hex]]
    let ignition = creator.event(kind: 31108, createdAt: Stage.time, tags: names + [["bitcoin", Self.block]])
    let request = member.event(kind: 1409, createdAt: Stage.time, tags: [["a", Self.address], ["merits", "100"]])
    let vote = creator.event(kind: 1410, createdAt: Stage.time, tags: [["request", request.id.hex], ["vote", "ratify"]])
    let first = creator.event(
      kind: 31108, createdAt: Stage.time + 10,
      tags: names + [
        ["ignition", ignition.id.hex], ["previous", ignition.id.hex],
        ["merit", "owner:\(member.hex)", "req:\(request.id.hex)", "lt:0", "amt:100"], ["proof", String(decoding: request.raw, as: UTF8.self)],
        ["proof", String(decoding: vote.raw, as: UTF8.self)],
      ])
    let leadtime = member.event(kind: 1414, createdAt: Stage.time, tags: [["a", Self.address], ["request", request.id.hex], ["lt", "1"]])
    let second = creator.event(
      kind: 31108, createdAt: Stage.time + 20,
      tags: names + [
        ["ignition", ignition.id.hex], ["previous", first.id.hex], ["bitcoin", Self.block],
        ["merit", "\(member.hex):\(request.id.hex):1:848500:100"], ["proof", String(decoding: leadtime.raw, as: UTF8.self)],
      ])
    set("I", ignition.id.hex)
    set("H", second.id.hex)
    set("P", first.id.hex)
    set("R", request.id.hex)
    set("C", creator.hex)
    set("M", member.hex)
    set("N", Stage.stranger.hex)
    set("Z", zapper.hex)
    set("A", Self.address)
    set("B", Self.block)
    set("i", ignition)
    set("r", request)
    set("v", vote)
    set("l", leadtime)
    setProofs(request)
    return [ignition, first, second]
  }

  private mutating func setProofs(_ known: Event) {
    let (creator, member, zapper) = (Stage.creator, Stage.member, Stage.zapper)
    let other = Stage.stranger.event(kind: 1409, createdAt: Stage.time, tags: [["a", Self.address], ["merits", "7"]])
    let vote = member.event(kind: 1410, createdAt: Stage.time, tags: [["request", other.id.hex], ["vote", "ratify"]])
    let wrapper = member.event(
      kind: 1411, createdAt: Stage.time,
      tags: [["request", String(decoding: other.raw, as: UTF8.self)], ["vote", String(decoding: vote.raw, as: UTF8.self)]])
    func receipt(_ payee: TestKey, _ tags: [[String]]) -> Event {
      let request = creator.json(kind: 9734, createdAt: Stage.time, tags: [["p", payee.hex]] + tags)
      return zapper.event(
        kind: 9735, createdAt: Stage.time,
        tags: [["p", payee.hex], ["bolt11", "lnbc10u1qqq"], ["description", String(decoding: request, as: UTF8.self)]])
    }
    set("Q", other.id.hex)
    set("q", other)
    set("w", vote)
    set("x", wrapper)
    set("z", receipt(creator, [["a", Self.address]]))
    set("y", receipt(member, [["request", known.id.hex]]))
    set("t", member.event(kind: 1415, createdAt: Stage.time, tags: [["a", Self.address], ["request", known.id.hex], ["p", Stage.stranger.hex]]))
    set("k", member.event(kind: 0, createdAt: Stage.time, content: #"{"zapper":"\#(zapper.hex)"}"#))
  }
}
