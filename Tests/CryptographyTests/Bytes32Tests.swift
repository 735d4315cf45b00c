// SPDX-License-Identifier: AGPL-3.0-or-later
import TestSupport
import Testing

@testable import Cryptography

@Suite("32 bytes and their hex")
struct Bytes32Tests {
  @Test("exactly 32 bytes are taken, others refused")
  func length() {
    #expect(Bytes32([UInt8](0..<32))?.bytes == [UInt8](0..<32))
    #expect(Bytes32([UInt8](0..<31)) == nil)
    #expect(Bytes32([UInt8](0..<33)) == nil)
  }

  @Test("the order is that of the bytes")
  func order() throws {
    var random = SplitMix64(seed: 5)
    for _ in 0..<500 {
      var left = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
      let right = left
      left[Int.random(in: 0..<32, using: &random)] = UInt8.random(in: 0...255, using: &random)
      let (one, other) = (try #require(Bytes32(left)), try #require(Bytes32(right)))
      #expect((one < other) == left.lexicographicallyPrecedes(right), "seed 5")
      #expect((one == other) == (left == right), "seed 5")
    }
  }

  @Test("64 lowercase hex digits are taken; any other byte, anywhere, is refused")
  func hex() throws {
    let digits = Array("00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210".utf8)
    #expect(Bytes32(hex: digits)?.hex == String(decoding: digits, as: UTF8.self))
    for position in 0..<64 {
      for byte in UInt8.min...UInt8.max {
        var changed = digits
        changed[position] = byte
        let isDigit = (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
        let fast = changed.withUnsafeBytes { bytes in bytes.baseAddress.flatMap { Bytes32(unsafeHex: $0) } }
        #expect((fast != nil) == isDigit, "byte \(byte) at \(position)")
        #expect(fast == Bytes32(hex: changed), "byte \(byte) at \(position)")
      }
    }
    #expect(Bytes32(hex: digits.dropLast()) == nil)
    #expect(Bytes32(hex: digits + [0x30]) == nil)
  }

  @Test("hex written to memory is the hex of the bytes")
  func writing() {
    var random = SplitMix64(seed: 9)
    for _ in 0..<500 {
      let bytes = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
      var memory = [UInt8](repeating: 0x21, count: 66)
      memory.withUnsafeMutableBytes { buffer in
        if let base = buffer.baseAddress { Bytes32(bytes)?.writeHex(to: base) }
      }
      let expected = bytes.map { String(UInt32($0) + 0x100, radix: 16).dropFirst() }.joined()
      #expect(memory == Array((expected + "!!").utf8), "seed 9")
    }
  }

  @Test("random bytes have the length asked for, and differ")
  func random() throws {
    #expect(try RandomBytes.generate(count: 0).isEmpty)
    let (one, other) = (try RandomBytes.generate(count: 32), try RandomBytes.generate(count: 32))
    #expect(one.count == 32 && one != other)
  }
}
