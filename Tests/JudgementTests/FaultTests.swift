// SPDX-License-Identifier: AGPL-3.0-or-later
import Judgement
import Policy
import TestSupport
import Testing

@Suite("When the state fails")
struct FaultTests {
  @Test("a commit that fails answers error:, changes nothing, and the event can be sent again")
  func commit() throws {
    let bench = try Bench()
    bench.send(Bench.campaign())
    let before = try bench.contents()
    let digest = try StateDigest.read(bench.store, bench.judge.registry)
    bench.failure.code.store(5, ordering: .relaxed)  // EIO
    let judgement = bench.judge.judge(raw: Bench.contribution().raw, in: Circumstances(receivedAt: 1_700_000_500, source: .ip4))
    #expect(Bench.text(judgement.decision) == "error: state unavailable")
    #expect(judgement.fault != nil)
    #expect(judgement.isWritten == false)
    bench.failure.code.store(0, ordering: .relaxed)
    #expect(try bench.contents() == before)
    #expect(try StateDigest.read(bench.store, bench.judge.registry) == digest)
    #expect(bench.send(Bench.contribution()) == "accept")
    #expect(bench.send(Bench.contribution()) == "accept")
    #expect(try bench.journalCount() == 2)
  }

  @Test("a refusal needs no commit, so it does not fail with one")
  func refusals() throws {
    let bench = try Bench()
    bench.send(Bench.campaign())
    bench.failure.code.store(5, ordering: .relaxed)
    #expect(bench.send(Bench.vote()) == "blocked: no vote is open on this project")
    #expect(bench.send(Bench.campaign()) == "accept")
  }

  @Test("a parked event whose second judgement fails stays parked")
  func released() throws {
    let bench = try Bench()
    #expect(bench.send(Bench.contribution(), source: .sync) == "error: missing campaign CF-BENCH, parked")
    bench.send(Bench.campaign())
    bench.failure.code.store(5, ordering: .relaxed)
    #expect(throws: Fault.self) { try bench.judge.judgeAllReleased() }
    bench.failure.code.store(0, ordering: .relaxed)
    #expect(try bench.store.read { try $0.parkedCount() } == 1)
    #expect(try bench.judge.judgeAllReleased() == (1, 0))
    #expect(try bench.judge.judgeAllReleased() == (0, 0))
    #expect(try bench.journalCount() == 2)
  }

  @Test("the last tenth of the map takes no new campaigns, but votes on those that are there")
  func nearlyFull() throws {
    let bench = try Bench(mapSizeMiB: 17)
    #expect(bench.send(Bench.campaign(status: "vote_pending")) == "accept")
    try bench.fill(percent: 92)
    #expect(bench.send(Bench.campaign("CF-NEW")) == "error: the state is nearly full: only what exists already is taken")
    #expect(bench.send(Bench.vote()) == "accept")
  }

  @Test("a burst that fills the map in less than a second is noticed")
  func burst() throws {
    let bench = try Bench(mapSizeMiB: 17)
    var answers: [String] = []
    for number in 1...60 where answers.last?.hasPrefix("error: ") != true {
      answers.append(bench.send(Bench.campaign("CF-\(number)")))
      let change = StateChange.put(Table(.ledger, 0, "transfers"), key: [UInt8(number)], value: [UInt8](repeating: 7, count: 400_000))
      try bench.store.write { try $0.apply([change]) }
    }
    #expect(answers.last == "error: the state is nearly full: only what exists already is taken")
    let used = try bench.store.information().usedBytes * 100 / bench.store.information().limitBytes
    #expect((85...95).contains(used))
  }
}
