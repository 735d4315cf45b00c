// SPDX-License-Identifier: AGPL-3.0-or-later
import Groups
import Judgement
import Nostr
import Policy
import StateStore
import TestSupport

/// A group to fuzz on: two administrators, and a proposal. Nothing is written after it: events are explained, not judged.
final class Stage {
  static nonisolated(unsafe) let shared = Stage()
  let judge: Judge
  let author = TestKey("fuzz")
  let group: EventID
  let proposal: EventID

  private init() {
    do {
      let validator = GroupsValidator(options: GroupsOptions())
      let path = "/tmp/commonsguard-fuzz-\(UInt64.random(in: 0 ... .max))"
      let store = try StateStore(StoreOptions(directory: path, tables: validator.tables, mapSizeMiB: 16, durability: .relaxed))
      judge = try Judge(store: store, registry: DomainRegistry([validator]))
      let now = Circumstances(receivedAt: 1_700_000_000, source: .ip4)
      let opening = author.json(kind: 4830, content: "{\"members\":[\"\(author.hex)\",\"\(TestKey("other").hex)\"]}")
      group = try Event(parsing: opening).id
      let tags = [["group", group.hex], ["parent", group.hex]]
      let proposing = author.json(kind: 4831, createdAt: 1_700_000_001, tags: tags, content: "{\"remove\":[1]}")
      proposal = try Event(parsing: proposing).id
      precondition(judge.judge(raw: opening, in: now).decision == .accept, "the stage's group")
      precondition(judge.judge(raw: proposing, in: now).decision == .accept, "the stage's proposal")
    } catch {
      preconditionFailure("\(error)")
    }
  }
}

/// libFuzzer's entry point: each line is a tag, its elements between tabs; `@g`, `@p` and `@a` stand for the group, its proposal and its author.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzGroupTags(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let stage = Stage.shared
  let text = String(decoding: UnsafeRawBufferPointer(start: data, count: count), as: UTF8.self)
  let words = ["@g": stage.group.hex, "@p": stage.proposal.hex, "@a": stage.author.hex]
  let own = text.split(separator: "\n", maxSplits: 600).map { line in
    line.split(separator: "\t", maxSplits: 8, omittingEmptySubsequences: false).map { words[String($0)] ?? String($0) }
  }
  let tags = [["group", stage.group.hex], ["parent", stage.group.hex]]
  for (kind, content, tags) in [
    (UInt64(4831), "{\"remove\":[1]}", own), (4832, "true", own), (4833, "", tags + own), (4834, "", own), (1040, "aGk=", own), (5, "", own),
  ] {
    guard let event = try? UnsignedEvent(pubkey: stage.author.pubkey, createdAt: 1_700_000_900, kind: kind, tags: tags, content: content),
      let raw = try? event.signed(by: stage.author.key)
    else { continue }
    do {
      _ = try stage.judge.explain(raw: raw, in: Circumstances(receivedAt: 1_700_000_900, source: .ip4))
    } catch {
      preconditionFailure("a fault: \(error)")
    }
  }
  return 0
}
