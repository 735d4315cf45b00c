// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Nostr
import Policy
import TestSupport

/// libFuzzer's entry point: any bytes as the tags of an update, really signed, parsed and decided on a collective that has merits.
///
/// The first byte chooses author, source and options. Then each line is a tag, its elements between tabs; `@` and a letter stands for an id, a key
/// or a proof that holds (see `Words`), so that mutations reach behind the signatures.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCollectives(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeRawBufferPointer(start: data, count: count))
  guard let first = bytes.first else { return 0 }
  rooms(bytes)
  let stage = Stage.shared
  let author = [Stage.creator, Stage.member, Stage.creator, Stage.stranger][Int(first & 3)]
  let tags = bytes.dropFirst().split(separator: UInt8(ascii: "\n"), maxSplits: 2000).map { line in
    line.split(separator: UInt8(ascii: "\t"), maxSplits: 8, omittingEmptySubsequences: false).map { stage.words.text($0) }
  }
  guard let unsigned = try? UnsignedEvent(pubkey: author.pubkey, createdAt: Stage.time + 1000 + UInt64(first), kind: 31108, tags: tags, content: ""),
    let raw = try? unsigned.signed(by: author.key)
  else { return 0 }
  stage.judge(raw, in: Circumstances(receivedAt: unsigned.createdAt, source: first & 4 == 0 ? .ip4 : .sync), isLenient: first & 8 != 0)
  return 0
}

/// The rooms that take text or numbers from outside, on their own.
private func rooms(_ bytes: [UInt8]) {
  let text = Text(String(decoding: bytes, as: UTF8.self))
  _ = Bolt11(text)
  _ = Bolt11(Text("lnbc" + text.string))
  _ = BlockStamp(text: text)
  _ = Fraction(text.string)
  let numbers = stride(from: 0, to: min(bytes.count, 512), by: 8).map { start in
    bytes[start..<min(start + 8, bytes.count)].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
  }
  guard let amount = numbers.first else { return }
  let weights = numbers.dropFirst().enumerated().map { (key: $0, weight: $1 >> 11) }
  let shares = LargestRemainder.split(amount, by: weights)
  precondition(weights.allSatisfy { $0.weight == 0 } || shares.reduce(UInt128(0)) { $0 + UInt128($1) } == UInt128(amount), "a split loses sats")
  let holders = weights.map { RoundRobin.Share(key: $0.key, merits: $0.weight % (1 << 43), paid: $0.weight % MeritRow.maxSats) }
  _ = RoundRobin.next(among: holders, amount: amount % MeritRow.maxSats + 1)
}
