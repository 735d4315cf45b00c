// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport
import Testing

@testable import Constellation

/// Each as strfry does it: src/events.cpp, writeEvents.
@Suite("The model of strfry")
struct StrfryModelTests {
  private let relay = StrfryModel()
  private let author = TestKey("author")

  private func note(_ seconds: UInt64, _ content: String = "", by key: TestKey? = nil) -> Message {
    Message((key ?? author).event(kind: 1, createdAt: History.start + seconds, content: content))
  }

  private func version(_ seconds: UInt64, _ content: String = "") -> Message {
    Message(author.event(kind: 30904, createdAt: History.start + seconds, tags: [["d", "CF-1"]], content: content))
  }

  private func deletion(of targets: [Message], at seconds: UInt64, by key: TestKey? = nil) -> Message {
    Message(Events.deletion(of: targets.map(\.event), at: History.start + seconds, salt: "", by: key ?? author))
  }

  private func write(_ messages: Message...) -> [StrfryModel.Outcome] { messages.compactMap { relay.write([$0])[$0.id] } }

  @Test("of an address the newest stays, and of one second the lowest id")
  func newest() {
    let (old, new) = (version(0), version(1))
    #expect(write(new, old) == [.written, .replaced])
    let same = (0..<2).map { version(5, "\($0)") }.sorted { $0.id < $1.id }
    #expect(write(same[1], same[0], same[1]) == [.written, .written, .replaced])
    #expect(relay.newest(of: same[0].address ?? Events.collective)?.id == same[0].id)
    #expect(relay.stored.count == 1)
  }

  @Test("a kind 5 takes its author's events away and keeps them away, by e and by a, and nobody else's")
  func deletions() {
    let (mine, other) = (note(0), note(0, by: TestKey("other")))
    #expect(write(mine, other, deletion(of: [mine, other], at: 1), mine, other) == [.written, .written, .written, .deleted, .duplicate])
    let (old, new) = (version(0), version(9))
    let byAddress = Message(Events.deletion(of: old.address ?? Events.collective, at: History.start + 5, salt: "", by: author))
    #expect(write(old, byAddress, old, new) == [.written, .written, .deleted, .written])
    #expect(!relay.has(old.id) && relay.has(new.id))
  }

  @Test("a kind 5 that comes first is remembered")
  func deletedFirst() {
    let mine = note(0)
    #expect(write(deletion(of: [mine], at: 1), mine) == [.written, .deleted])
  }

  @Test("a kind 5 that is deleted itself is forgotten, unless another one says the same")
  func deletedDeletion() {
    let mine = note(0)
    let (first, second) = (deletion(of: [mine], at: 1), deletion(of: [mine], at: 2))
    #expect(write(mine, first, deletion(of: [first], at: 3), mine) == [.written, .written, .written, .written])
    #expect(write(second, mine, deletion(of: [second], at: 4), mine) == [.written, .deleted, .written, .written])
  }

  @Test("one commit writes the oldest first")
  func batches() {
    let (old, new) = (version(0), version(1))
    relay.answer(new)
    relay.answer(old)
    #expect(relay.stored.isEmpty)
    relay.commit()
    #expect(relay.log.map(\.id) == [old.id, new.id] && relay.stored.count == 1)
  }

  @Test("a relay that is killed before its commit has nothing of it")
  func kill() {
    relay.answer(note(0))
    relay.kill()
    relay.commit()
    #expect(relay.stored.isEmpty)
  }

  @Test("what is of the future, expired or ephemeral is not admitted")
  func admission() {
    let now = History.start
    #expect(relay.admits(note(900), at: now) && !relay.admits(note(901), at: now))
    func tagged(_ kind: UInt64, _ tags: [[String]]) -> Message { Message(author.event(kind: kind, createdAt: now, tags: tags)) }
    #expect(relay.admits(tagged(1, [["expiration", "\(now + 1)"]]), at: now) && !relay.admits(tagged(1, [["expiration", "\(now)"]]), at: now))
    #expect(!relay.admits(tagged(20_001, []), at: now))
  }

  @Test("what a relay lacks is asked for newest first")
  func lacking() {
    let other = StrfryModel()
    let notes = (0..<4).map { note(UInt64($0)) }
    other.write(notes)
    relay.write([notes[2]])
    #expect(relay.lacking(of: other).map(\.id) == [notes[3], notes[1], notes[0]].map(\.id))
  }
}
