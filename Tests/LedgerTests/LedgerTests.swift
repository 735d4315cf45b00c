// SPDX-License-Identifier: AGPL-3.0-or-later
import Ledger
import Nostr
import Policy
import TestSupport
import Testing

@Suite("The ledger")
struct LedgerTests {
  static let pot: [UInt8] = [2, 1]

  static func transfer(_ number: UInt64, _ state: TransferState = .pending, amount: UInt64 = 100, pot: [UInt8] = pot, target: UInt8 = 1) -> Transfer {
    var random = SplitMix64(seed: number)
    let bytes = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
    return Transfer(
      id: EventID(hex: Text(bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()))!, state: state, subject: pot,
      target: target,
      sender: TestKey("sender").pubkey, recipient: "", amount: Amount(hundredths: amount), createdAt: 1)
  }

  private func totals(_ state: MemoryState) throws -> [UInt64] {
    let totals = try Ledger.totals(of: Self.pot, target: 1, reading: state)
    return [totals.collected.hundredths, totals.reserved.hundredths, totals.transfers]
  }

  @Test("a transfer goes where the spec lets it go, and nowhere else")
  func transitions() throws {
    let allowed: [TransferState: Set<TransferState>] = [
      .pending: [.posted, .voided, .unknown], .unknown: [.posted, .voided], .observed: [.pending, .posted], .posted: [], .voided: [],
    ]
    for from in TransferState.allCases {
      for to in TransferState.allCases {
        #expect(from.canBecome(to) == (allowed[from]?.contains(to) == true), "\(from) to \(to)")
        guard from != .voided else { continue }
        var state = MemoryState()
        let transfer = Self.transfer(1, from)
        try state.apply(Ledger.open(transfer, reading: state))
        if from.canBecome(to) {
          try state.apply(Ledger.move(transfer.id, to: to, reading: state))
          #expect(try Ledger.transfer(transfer.id, reading: state)?.state == to)
        } else {
          #expect(throws: Fault.self) { try Ledger.move(transfer.id, to: to, reading: state) }
        }
        #expect(try Ledger.audit(reading: state).isEmpty)
      }
    }
  }

  @Test("collected are the posted, reserved the pending and unknown")
  func sums() throws {
    var state = MemoryState()
    for (number, kind) in TransferState.allCases.enumerated() where kind != .voided {
      try state.apply(Ledger.open(Self.transfer(UInt64(number), kind, amount: UInt64(1) << UInt64(number)), reading: state))
    }
    // pending 1, posted 2, unknown 8, observed 16
    #expect(try totals(state) == [2, 9, 4])
  }

  @Test("there is one transfer for an id, for ever")
  func once() throws {
    var state = MemoryState()
    let transfer = Self.transfer(1, .posted)
    try state.apply(Ledger.open(transfer, reading: state))
    #expect(throws: Fault.self) { try state.apply(Ledger.open(transfer, reading: state)) }
    #expect(throws: Fault.self) { try state.apply(Ledger.open(Self.transfer(1, .pending, amount: 5, target: 2), reading: state)) }
    #expect(try totals(state) == [100, 0, 1])
  }

  @Test("no transfer begins as voided, and none that is not there moves")
  func beginnings() throws {
    let state = MemoryState()
    #expect(throws: Fault.self) { try Ledger.open(Self.transfer(1, .voided), reading: state) }
    #expect(throws: Fault.self) { try Ledger.move(Self.transfer(1).id, to: .posted, reading: state) }
  }

  @Test("a total that would overflow is a fault")
  func overflow() throws {
    var state = MemoryState()
    try state.apply(Ledger.open(Self.transfer(1, .posted, amount: .max), reading: state))
    #expect(throws: Fault.self) { try Ledger.open(Self.transfer(2, .posted, amount: 1), reading: state) }
    try state.apply(Ledger.open(Self.transfer(2, .pending, amount: 1), reading: state))
    #expect(throws: Fault.self) { try Ledger.move(Self.transfer(2).id, to: .posted, reading: state) }
  }

  @Test("a transfer is read as it was written, and a cut record is a fault")
  func records() throws {
    var state = MemoryState()
    let transfer = Self.transfer(1, .unknown, amount: 77)
    try state.apply(Ledger.open(transfer, reading: state))
    #expect(try Ledger.transfer(transfer.id, reading: state) == transfer)
    let whole = try #require(try state.value(Ledger.transfers, transfer.id.bytes))
    for length in 0..<whole.count {
      try state.apply([.put(Ledger.transfers, key: transfer.id.bytes, value: Array(whole.prefix(length)))])
      #expect(throws: Fault.self) { try Ledger.transfer(transfer.id, reading: state) }
    }
  }

  @Test("the audit finds totals that are wrong, missing or of nothing")
  func audit() throws {
    var state = MemoryState()
    try state.apply(Ledger.open(Self.transfer(1, .posted), reading: state))
    var key: [UInt8] = []
    try state.scan(Ledger.totals, prefix: []) { found, _ in
      key = found
      return false
    }
    let kept = try #require(try state.value(Ledger.totals, key))
    var wrong = kept
    wrong[7] ^= 1
    try state.apply([.put(Ledger.totals, key: key, value: wrong)])
    #expect(try Ledger.audit(reading: state).count == 1)
    try state.apply([.delete(Ledger.totals, key: key)])
    #expect(try Ledger.audit(reading: state).count == 1)
    try state.apply([.put(Ledger.totals, key: key, value: kept), .put(Ledger.totals, key: key + [1], value: kept)])
    #expect(try Ledger.audit(reading: state).count == 1)
  }
}
