// SPDX-License-Identifier: AGPL-3.0-or-later
import Ledger
import Nostr
import Policy
import TestSupport
import Testing

@Suite("The ledger, at random")
struct LedgerPropertyTests {
  /// One transfer in the plainest words.
  private struct Entry {
    var state: TransferState
    let amount: UInt64
    let pot: [UInt8]
    let target: UInt8
  }

  @Test("after every change the totals are those of a dictionary that is added up anew", arguments: 0..<8 as Range<UInt64>)
  func conservation(round: UInt64) throws {
    let seed = UInt64.random(in: 0..<(1 << 48)) << 4 | round
    var random = SplitMix64(seed: seed)
    var state = MemoryState()
    var model: [UInt64: Entry] = [:]
    for _ in 0..<120 {
      let number = UInt64.random(in: 0..<40, using: &random)
      let next = TransferState.allCases.randomElement(using: &random) ?? .pending
      if let entry = model[number] {
        let id = LedgerTests.transfer(number).id
        if entry.state.canBecome(next) {
          try state.apply(Ledger.move(id, to: next, reading: state))
          model[number]?.state = next
        } else {
          #expect(throws: Fault.self, "seed \(seed)") { try Ledger.move(id, to: next, reading: state) }
        }
      } else if next != .voided {
        let entry = Entry(
          state: next, amount: UInt64.random(in: 1...100_000, using: &random), pot: [2, UInt8.random(in: 0...1, using: &random)],
          target: UInt8.random(in: 1...2, using: &random))
        let transfer = LedgerTests.transfer(number, next, amount: entry.amount, pot: entry.pot, target: entry.target)
        try state.apply(Ledger.open(transfer, reading: state))
        model[number] = entry
      }
      try expectSame(state, Array(model.values), seed)
    }
  }

  private func expectSame(_ state: MemoryState, _ entries: [Entry], _ seed: UInt64) throws {
    #expect(try Ledger.audit(reading: state).isEmpty, "seed \(seed)")
    for pot: [UInt8] in [[2, 0], [2, 1]] {
      for target: UInt8 in [1, 2] {
        let mine = entries.filter { $0.pot == pot && $0.target == target }
        let totals = try Ledger.totals(of: pot, target: target, reading: state)
        #expect(totals.collected.hundredths == mine.filter { $0.state == .posted }.reduce(0) { $0 + $1.amount }, "seed \(seed)")
        #expect(totals.reserved.hundredths == mine.filter { [.pending, .unknown].contains($0.state) }.reduce(0) { $0 + $1.amount }, "seed \(seed)")
        #expect(totals.transfers == UInt64(mine.count), "seed \(seed)")
      }
    }
  }
}
