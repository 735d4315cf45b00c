// SPDX-License-Identifier: AGPL-3.0-or-later
import Groups
import Nostr
import TestSupport

/// Groups: what their events can hold.
extension HostileShape {
  static let groupContents = [meta, proofs, objects]

  /// `count` keys of three bytes from a number on, each with a value.
  private static func keys(_ count: Int, from first: Int, value: String) -> String {
    (first..<first + count).map { number in
      let alphabet = Array("abcdefghijklmnopqrstuvwxyz0123456789-_")
      let key = String([alphabet[number / 1444 % 38], alphabet[number / 38 % 38], alphabet[number % 38]])
      return "\"\(key)\":\(value)"
    }.joined(separator: ",")
  }

  /// As much meta as a group takes, in as many keys as it takes.
  private static let meta = HostileShape(
    name: "groups.meta", state: [Dial("keys", 1...21_600), Dial("step", 1...2700)],
    event: [Dial("variant", 0...4), Dial("keys named", 1...2700), Dial("listed", 1...8), Dial("first", 0...21_000)]
  ) { scene, size in
    let admin = scene.key(0)
    let id = try scene.send(HostileGroup.kinds.initGroup, by: admin, [], "{\"members\":[\"\(admin.hex)\"]}")
    var tip = id
    var filled = 0
    var step = size["step"]
    while filled < size["keys"], step > 0, !scene.isOver {
      let count = min(step, size["keys"] - filled)
      scene.now += 1
      let raw = admin.json(
        kind: HostileGroup.kinds.modification, createdAt: scene.now, tags: [["group", id], ["parent", tip]],
        content: "{\"meta\":{\(keys(count, from: filled, value: "\"\""))}}")
      if let id = try scene.offer(raw) {
        tip = id
        filled += count
      } else {
        step /= 2
      }
    }
    var proposals: [String] = []
    for number in 0..<8 {
      proposals.append(
        try scene.send(
          HostileGroup.kinds.proposal, by: admin, [["group", id], ["parent", tip]], "{\"meta\":{\(keys(2000, from: number * 2000, value: "null"))}}",
          mayWait: true))
    }
    scene.now += 1
    return { dials in
      let value = ["\"\"", "\"x\"", "null", "\"y\"", "null"][dials["variant"]]
      let first = dials["first"] + (dials["variant"] == 3 ? 25_000 : 0)
      let content = "{\"meta\":{\(keys(dials["keys named"], from: first, value: value))}}"
      let tags = [["group", id], ["parent", tip]]
      if dials["variant"] == 4 {
        let raw = admin.json(
          kind: HostileGroup.kinds.modification, createdAt: scene.now, tags: tags + proposals.prefix(dials["listed"]).map { ["proposal", $0] })
        return HostileEvent(rule: "proposals with meta carried out", raw: raw, isDry: true)
      }
      let rule = ["meta set as it is", "meta set anew", "meta deleted", "meta added"][dials["variant"]]
      return HostileEvent(
        rule: rule, raw: admin.json(kind: HostileGroup.kinds.modification, createdAt: scene.now, tags: tags, content: content), isDry: true)
    }
  }

  /// OpenTimestamps files that make the most of their bytes.
  private static let proofs = HostileShape(
    name: "groups.proofs", state: [Dial("kind 1040", 0...1)],
    event: [Dial("operation", 0...4), Dial("message", 32...4096), Dial("run", 1...127), Dial("forks", 1...1000), Dial("variant", 0...1)]
  ) { scene, size in
    let admin = scene.key(0)
    let id = try scene.send(HostileGroup.kinds.initGroup, by: admin, [], "{\"members\":[\"\(admin.hex)\"]}")
    guard let digest = EventID(hex: id) else { throw LaboratoryFailure("no id") }
    return { dials in
      scene.now += 1
      let proof = Self.proof(of: digest.bytes, dials)
      let base64 = Self.base64(proof)
      let isStamp = size["kind 1040"] == 1
      let raw =
        isStamp
        ? scene.key(2).json(kind: 1040, createdAt: scene.now, tags: [["e", id]], content: base64)
        : scene.key(2).json(kind: HostileGroup.kinds.attest, createdAt: scene.now, tags: [["group", id], ["e", id], ["attested-ots", base64]])
      return HostileEvent(rule: isStamp ? "a time stamp" : "an attestation with a proof", raw: raw, isDry: true)
    }
  }

  /// A long message, and on it as many paths as fit: each a run of operations and an attestation of a pending or a Bitcoin one.
  private static func proof(of digest: [UInt8], _ dials: Dials) -> [UInt8] {
    var bytes: [UInt8] = [0x00] + Array("OpenTimestamps".utf8) + [0x00, 0x00] + Array("Proof".utf8)
    bytes += [0x00, 0xbf, 0x89, 0xe2, 0xe8, 0x84, 0xe8, 0x92, 0x94, 0x01, 0x08] + digest
    let operation: UInt8 = [0x08, 0x02, 0x03, 0xf2, 0xf3][dials["operation"]]
    var length = 32
    // An operand is 4096 bytes at most; what is hashed gets short, so hexlify and reverse work on the long one.
    if dials["message"] > 32 {
      let operand = dials["message"] - 32
      bytes += [0xf0, UInt8(operand & 0x7f | (operand > 127 ? 0x80 : 0))] + (operand > 127 ? [UInt8(operand >> 7)] : [])
      bytes += [UInt8](repeating: 0x61, count: operand)
      length += operand
    }
    let bitcoin: [UInt8] = [0x00, 0x05, 0x88, 0x96, 0x0d, 0x73, 0xd7, 0x19, 0x01, 0x01, 0x65]
    let other: [UInt8] = [0x00, 1, 2, 3, 4, 5, 6, 7, 8, 0]
    // A hash makes the message short, and hexlify doubles it: each fork begins with the long one again.
    let run = operation == 0xf2 ? dials["run"] : operation == 0xf3 ? (length <= 2048 ? 1 : 0) : min(dials["run"], dials["variant"] == 0 ? 1 : 127)
    let path = [UInt8](repeating: operation, count: run)
    var forks = 0
    while forks < dials["forks"], bytes.count + path.count + other.count + 1 + bitcoin.count <= OpenTimestamps.maxBytes {
      bytes += [0xff] + path + other
      forks += 1
    }
    return bytes + bitcoin
  }

  private static func base64(_ bytes: [UInt8]) -> String {
    let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    var text: [UInt8] = []
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let part = bytes[start..<min(start + 3, bytes.count)]
      let padded = Array(part) + [0, 0]
      let word = Int(padded[0]) << 16 | Int(padded[1]) << 8 | Int(padded[2])
      let digits = [18, 12, 6, 0].map { alphabet[word >> $0 & 63] }
      text += digits.prefix(part.count + 1) + [UInt8](repeating: 0x3d, count: 3 - part.count)
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// Contents that are wide: members, groups, attesters, positions, and tags.
  private static let objects = HostileShape(
    name: "groups.objects", state: [Dial("groups", 0...400)],
    event: [Dial("variant", 0...6), Dial("count", 1...15_000)]
  ) { scene, size in
    let admin = scene.key(0)
    let id = try scene.send(HostileGroup.kinds.initGroup, by: admin, [], "{\"members\":[\"\(admin.hex)\"]}")
    var others: [String] = []
    for _ in 0..<size["groups"] where !scene.isOver {
      others.append(try scene.send(HostileGroup.kinds.initGroup, by: admin, [], "{\"members\":[\"\(scene.word())\"]}"))
    }
    return { dials in
      scene.now += 1
      let words = (0..<min(480, dials["count"])).map { _ in scene.word() }
      let nested = others.prefix(dials["count"]).map { "[\"\($0)\",\"groupvote\"]" }.joined(separator: ",")
      let tags = [["group", id], ["parent", id]]
      func list(_ words: [String]) -> String { words.map { "\"\($0)\"" }.joined(separator: ",") }
      switch dials["variant"] {
      case 0:
        return HostileEvent(
          rule: "an init of many",
          raw: admin.json(kind: HostileGroup.kinds.initGroup, createdAt: scene.now, content: "{\"members\":[\(list(words))]}"))
      case 1:
        let content = "{\"members\":[\"\(admin.hex)\"],\"broadcast-attesters\":[\(list(words))]}"
        return HostileEvent(
          rule: "an init with many attesters", raw: admin.json(kind: HostileGroup.kinds.initGroup, createdAt: scene.now, content: content))
      case 2:
        let content = "{\"members\":[\"\(admin.hex)\"\(nested.isEmpty ? "" : ",")\(nested)]}"
        return HostileEvent(
          rule: "an init of many groups", raw: admin.json(kind: HostileGroup.kinds.initGroup, createdAt: scene.now, content: content))
      case 3:
        let content = "{\"add\":[\(list(words))]}"
        return HostileEvent(
          rule: "a proposal of many", raw: admin.json(kind: HostileGroup.kinds.proposal, createdAt: scene.now, tags: tags, content: content),
          isDry: true)
      case 4:
        let content = "{\"remove\":[\((0..<dials["count"]).map(String.init).joined(separator: ",").prefix(32_000))0]}"
        return HostileEvent(
          rule: "many positions", raw: admin.json(kind: HostileGroup.kinds.proposal, createdAt: scene.now, tags: tags, content: content), isDry: true)
      case 5:
        let content = String(("{\"x\":" + String(repeating: "[", count: dials["count"])).prefix(32_700))
        return HostileEvent(
          rule: "a deep content", raw: admin.json(kind: HostileGroup.kinds.modification, createdAt: scene.now, tags: tags, content: content),
          isDry: true)
      default:
        let content = "{" + (0..<min(4000, dials["count"])).map { "\"\($0)\":0" }.joined(separator: ",").prefix(32_000) + "}"
        return HostileEvent(
          rule: "a wide content", raw: admin.json(kind: HostileGroup.kinds.modification, createdAt: scene.now, tags: tags, content: content),
          isDry: true)
      }
    }
  }
}
