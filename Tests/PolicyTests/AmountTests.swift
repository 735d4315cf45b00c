// SPDX-License-Identifier: AGPL-3.0-or-later
import Policy
import Testing

@Suite("Amounts")
struct AmountTests {
  @Test(
    "a decimal with at most two places is read exactly",
    arguments: [
      ("0", 0), ("1", 100), ("12.5", 1250), ("0.05", 5), ("007", 700), ("1000000", 100_000_000), ("9999999999999999.99", 999_999_999_999_999_999),
    ] as [(String, UInt64)])
  func read(text: String, hundredths: UInt64) {
    #expect(Amount(decimal: text.utf8)?.hundredths == hundredths)
  }

  @Test("anything else is refused", arguments: ["", ".", ".5", "5.", "1.234", "-1", "+1", "1e3", "1,5", " 1", "1 ", "0x1", "1.2.3", "١", "nan"])
  func refused(text: String) {
    #expect(Amount(decimal: text.utf8) == nil)
  }

  @Test("what does not fit is refused, not wrapped")
  func overflow() {
    #expect(Amount(decimal: "99999999999999999999".utf8) == nil)
    #expect(Amount(decimal: "99999999999999999".utf8, hundredthsPerUnit: 1000) == nil)
    #expect(Amount(wholeZen: .max) == nil)
    #expect(Amount(hundredths: .max).adding(Amount(hundredths: 1)) == nil)
    #expect(Amount(hundredths: 1).subtracting(Amount(hundredths: 2)) == nil)
    #expect(Amount(hundredths: 3).adding(Amount(hundredths: 4)) == Amount(hundredths: 7))
    #expect(Amount(hundredths: 4).subtracting(Amount(hundredths: 4)) == .zero)
  }

  @Test("1 Ğ1 is 10 Ẑ")
  func units() {
    #expect(Amount(decimal: "2.5".utf8, hundredthsPerUnit: 1000) == Amount(hundredths: 2500))
    #expect(Amount(hundredths: 2500).decimal(hundredthsPerUnit: 1000) == "2.5")
  }

  @Test(
    "it is written without trailing zeros, and rounded down",
    arguments: [(0, "0"), (5, "0.05"), (50, "0.5"), (100, "1"), (1250, "12.5"), (1251, "12.51")] as [(UInt64, String)])
  func written(hundredths: UInt64, text: String) {
    #expect(Amount(hundredths: hundredths).decimal() == text)
    #expect(Amount(decimal: text.utf8)?.hundredths == hundredths)
    #expect(Amount(hundredths: 1259).decimal(hundredthsPerUnit: 1000) == "1.25")
  }
}
