// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import LMDB
import Nostr
import Policy
import Synchronization
import Testing

@testable import StateStore

/// What LMDB shall answer at the next commit or sync; 0 for the truth.
private final class NextAnswer: Sendable {
  private let code = Atomic<Int32>(0)
  func set(_ value: Int32) { code.store(value, ordering: .relaxed) }
  func take(_ point: FaultPoint) -> Int32 {
    switch point {
    case .commit, .sync: code.exchange(0, ordering: .relaxed)
    default: 0
    }
  }
}

@Suite struct FaultTests {
  let state: TemporaryState

  init() throws { state = try TemporaryState() }

  /// What accepting one event writes.
  private func accept(_ number: Int, in store: StateStore, weight: Int = 10) throws { try acceptEvent(number, in: store, weight: weight) }

  @Test("A commit that fails is a fault, leaves the state as it was, and the next write goes on", arguments: [ENOSPC, EIO])
  func failedCommit(code: Int32) throws {
    let answer = NextAnswer()
    let store = try state.open { answer.take($0) }
    try accept(1, in: store)
    let before = try store.information().entries.map(\.count)
    answer.set(code)
    let fault = #expect(throws: Fault.self) { try accept(2, in: store) }
    #expect(fault?.answer == "state unavailable")
    #expect(fault?.detail.hasPrefix("mdb_txn_commit: ") == true)
    #expect(try store.information().entries.map(\.count) == before)
    #expect(try store.read { try $0.known(id(2)) } == nil)
    try accept(2, in: store)
    #expect(try store.read { try $0.known(id(2))?.sequence } == 2)
  }

  @Test("A write that runs again because the map grew has its effects once")
  func rerun() throws {
    let answer = NextAnswer()
    let store = try state.open { answer.take($0) }
    answer.set(LMDBError.mapFull)
    var runs = 0
    try store.write { writer throws in
      runs += 1
      _ = try writer.appendJournal(JournalRow(.event(raw: [], id: id(1), source: .ip4, sourceInfo: nil), receivedAt: 1))
      try writer.enqueue(followUp(1), at: 1)
      _ = try writer.park(parked(5), waitingFor: .test("I"))
    }
    #expect(runs == 2)
    try store.read { view throws in
      #expect(try view.journalCount() == 1)
      #expect(try view.dueFollowUps(now: 1, limit: 9).map(\.sequence) == [1])
      #expect(try view.parkedCount() == 1)
    }
  }

  @Test("At its limit the state is full: a fault that names the option; what was committed stays and is read")
  func mapFull() throws {
    let store = try state.open(mapSizeMiB: 2)
    #expect(!store.isNearlyFull)
    var accepted = 0
    let fault = #expect(throws: Fault.self) {
      while true {
        try acceptEvent(accepted + 1, in: store, weight: 10_000)
        accepted += 1
      }
    }
    #expect(fault?.answer == "state is full")
    #expect(fault?.detail.contains("raise state.mapSizeMiB") == true)
    #expect(accepted > 50)
    #expect(try store.read { try $0.journalCount() } == accepted)
    #expect(try store.read { try $0.known(id(accepted + 1)) } == nil)
    try store.write { _ in }
  }

  @Test("A state is nearly full from nine tenths on")
  func nearlyFull() throws {
    let store = try state.open(mapSizeMiB: 2)
    #expect(!store.isNearlyFull)
    var number = 0
    #expect(throws: Fault.self) {
      while true {
        number += 1
        try acceptEvent(number, in: store, weight: 10_000)
      }
    }
    // The answer is good for a second; this asks at once.
    store.fullness.goodUntil.store(0, ordering: .relaxed)
    #expect(store.isNearlyFull)
    try store.write { _ in #expect(store.isNearlyFull) }
  }

  @Test("A sync that fails is a fault")
  func failedSync() throws {
    let answer = NextAnswer()
    let store = try state.open { answer.take($0) }
    answer.set(EIO)
    #expect(throws: Fault.self) { try store.sync() }
    try store.sync()
  }

  @Test("Two processes give no number twice and lose no row")
  func twoProcesses() async throws {
    let store = try state.open()
    let mine = Task.detached { for number in 1...150 { try acceptEvent(number, in: store) } }
    await #expect(processExitsWith: .success) { [path = state.path as String] in
      let store = try openState(path)
      for number in 1001...1150 { try acceptEvent(number, in: store) }
    }
    try await mine.value
    try store.read { view throws in
      #expect(try view.journalCount() == 300)
      #expect(try view.outboxCounts().due == 300)
      #expect(try view.dueFollowUps(now: 1, limit: 1000).map(\.sequence) == Array(1...300))
      var sequences: Set<UInt64> = []
      for number in Array(1...150) + Array(1001...1150) {
        let known = try #require(try view.known(id(number)))
        sequences.insert(known.sequence)
        let row = try #require(try view.journalRow(known.sequence))
        guard case .event(_, let stored, _, _) = row.content else { throw Stop() }
        #expect(stored == id(number))
      }
      #expect(sequences == Set(1...300))
    }
  }

  @Test("A row is inserted once: a second one is a fault, and nothing of its transaction happens")
  func insertion() throws {
    let state = try TemporaryState()
    let store = try state.open()
    try store.write { try $0.apply([.insert(rows, key: bytes("a"), value: bytes("1"))]) }
    let fault = #expect(throws: Fault.self) {
      try store.write { try $0.apply([.put(rows, key: bytes("b"), value: bytes("2")), .insert(rows, key: bytes("a"), value: bytes("2"))]) }
    }
    #expect(try #require(fault).detail.contains(rows.name))
    #expect(try store.read { try $0.value(rows, bytes("a")) } == bytes("1"))
    #expect(try store.read { try $0.value(rows, bytes("b")) } == nil)
  }

  @Test("A process killed in the middle of a write leaves nothing of it")
  func killed() async throws {
    let store = try state.open()
    try acceptEvent(1, in: store)
    await #expect(processExitsWith: .signal(SIGKILL)) { [path = state.path as String] in
      let store = try openState(path)
      try acceptEvent(2, in: store)
      try store.write { writer throws in
        try writer.enqueue(followUp(3), at: 1)
        kill(getpid(), SIGKILL)
      }
    }
    #expect(try store.read { try $0.dueFollowUps(now: 1, limit: 9).map(\.id) } == [id(1), id(2)])
    try acceptEvent(3, in: store)
    #expect(try store.read { try $0.known(id(3))?.sequence } == 3)
  }
}

/// What accepting one event writes. A free function, so that the child process of an exit test can use it.
func acceptEvent(_ number: Int, in store: StateStore, weight: Int = 10) throws {
  try store.write { writer throws in
    let raw = [UInt8](repeating: 0x20, count: weight)
    let row = JournalRow(.event(raw: raw, id: id(number), source: .ip4, sourceInfo: "192.0.2.1"), receivedAt: 1)
    let sequence = try writer.appendJournal(row)
    try writer.index(id(number), domain: .crowdfunding, note: bytes("note"), sequence: sequence)
    try writer.apply([.put(rows, key: id(number).bytes, value: raw)])
    try writer.enqueue(followUp(number, subject: "CF-\(number % 3)"), at: 1)
    try writer.enqueue(.deferred(deferred("CF-1", receivedAt: 1, dueAt: 2)), at: 1)
    try writer.release(.test("CF-\(number)"))
  }
}
