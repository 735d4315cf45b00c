// SPDX-License-Identifier: AGPL-3.0-or-later
import Testing

@testable import Cryptography

@Suite("Points of the curve")
struct CurvePointTests {
  private func exists(_ hex: String) throws -> Bool { CurvePoint.exists(x: try #require(Bytes32(hex: hex.utf8))) }

  @Test("the generator's x and one are on the curve")
  func onTheCurve() throws {
    #expect(try exists("79be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798"))
    #expect(try exists(String(repeating: "0", count: 63) + "1"))
  }

  @Test("zero, five, and what is no number of the field are not")
  func notOnTheCurve() throws {
    #expect(try !exists(String(repeating: "0", count: 64)))
    #expect(try !exists(String(repeating: "0", count: 63) + "5"))
    #expect(try !exists(String(repeating: "f", count: 64)))
  }
}
