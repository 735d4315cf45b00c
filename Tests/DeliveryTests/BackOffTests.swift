// SPDX-License-Identifier: AGPL-3.0-or-later
import Testing

@testable import Delivery

@Suite("Retries back off")
struct BackOffTests {
  @Test("From one second, doubling, to ten minutes, with at most a quarter of jitter")
  func grows() {
    #expect(BackOff.milliseconds(attempts: 1, random: 0) == 1000)
    #expect(BackOff.milliseconds(attempts: 2, random: 0) == 2000)
    #expect(BackOff.milliseconds(attempts: 2, random: 500) == 2500)
    #expect(BackOff.milliseconds(attempts: 2, random: 501) == 2000)
    #expect(BackOff.milliseconds(attempts: 20, random: 120_000) == 600_000)
    for attempts in [UInt32(0), 1, 5, 30, .max] {
      #expect((1000...600_000).contains(BackOff.milliseconds(attempts: attempts, random: .max)))
    }
  }
}
