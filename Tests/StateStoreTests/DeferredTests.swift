// SPDX-License-Identifier: AGPL-3.0-or-later
import Policy
import Testing

@testable import StateStore

@Suite struct DeferredTests {
  // First, to be closed before its directory goes: another test's directory may get the same inode.
  let store: StateStore
  let state: TemporaryState

  init() throws {
    state = try TemporaryState()
    store = try state.open()
  }

  private func enqueue(_ followUp: DeferredFollowUp) throws {
    try store.write { try $0.enqueue(.deferred(followUp), at: followUp.receivedAt) }
  }

  private func due(now: UInt64, limit: Int = 10) throws -> [DeferredFollowUp] {
    try store.read { try $0.dueDeferred(now: now, limit: limit) }
  }

  @Test("It is due from its time on, not before")
  func dueTime() throws {
    try enqueue(deferred("a", receivedAt: 100, dueAt: 105))
    #expect(try due(now: 104).isEmpty)
    let row = try #require(try due(now: 105).first)
    #expect(row.domain == .crowdfunding)
    #expect(row.name == .campaignSnapshot)
    #expect(row.subject == bytes("a"))
  }

  @Test("What a clock received that was more than ten minutes ahead does not wait for that time")
  func clockWasAhead() throws {
    try enqueue(deferred("a", receivedAt: 100 + 601, dueAt: 100 + 606))
    try enqueue(deferred("b", receivedAt: 100 + 600, dueAt: 100 + 605))
    #expect(try due(now: 100).map(\.subject) == [bytes("a")])
    #expect(try due(now: 100 + 605).map(\.subject) == [bytes("b")])
  }

  @Test("Requests for one subject merge: the earliest time, and the trigger received last", arguments: [false, true])
  func merging(reversed: Bool) throws {
    let requests = [deferred("a", trigger: 1, receivedAt: 100, dueAt: 105), deferred("a", trigger: 2, receivedAt: 103, dueAt: 108)]
    for request in reversed ? requests.reversed() : requests { try enqueue(request) }
    #expect(try store.read { try $0.deferredCount() } == 1)
    let row = try #require(try due(now: 105).first)
    #expect(row.dueAt == 105)
    #expect(row.receivedAt == 103)
    #expect(row.trigger == id(2))
  }

  @Test("Other subjects, long ones too, and other follow-ups do not merge")
  func apart() throws {
    let long = String(repeating: "x", count: 600)
    for subject in ["a", "b", long + "1", long + "2"] { try enqueue(deferred(subject, receivedAt: 1, dueAt: 1)) }
    try enqueue(DeferredFollowUp(domain: .crowdfunding, name: .alert, subject: bytes("a"), trigger: id(1), receivedAt: 1, dueAt: 1))
    #expect(try due(now: 1).count == 5)
    #expect(try due(now: 1, limit: 2).count == 2)
    #expect(try Set(due(now: 1).map(\.subject)) == [bytes("a"), bytes("b"), bytes(long + "1"), bytes(long + "2")])
  }

  @Test("A removed one is gone; the others stay, and it may come again")
  func removal() throws {
    try enqueue(deferred("a", receivedAt: 1, dueAt: 1))
    try enqueue(deferred("b", receivedAt: 1, dueAt: 1))
    #expect(try store.write { try $0.removeDeferred(deferred("a", receivedAt: 0, dueAt: 0)) })
    #expect(try !store.write { try $0.removeDeferred(deferred("a", receivedAt: 0, dueAt: 0)) })
    #expect(try due(now: 1).map(\.subject) == [bytes("b")])
    try enqueue(deferred("a", receivedAt: 2, dueAt: 2))
    #expect(try due(now: 2).count == 2)
  }
}
