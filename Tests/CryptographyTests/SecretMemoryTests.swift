// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import TestSupport
import Testing

@testable import Cryptography

/// No memory that a core dump holds has the key.
@Suite struct SecretMemoryTests {
  @Test("Locked memory is zeroes, locked where the limit allows, left out of dumps, and empty in a forked child")
  func flags() throws {
    let memory = try LockedMemory(byteCount: 100)
    #expect(memory.bytes.allSatisfy { $0 == 0 } && memory.bytes.count >= 100)
    memory.bytes[99] = 7
    let process = try #require(ProcessMemory())
    defer { process.close() }
    let area = try #require(process.area(at: UInt(bitPattern: memory.bytes.baseAddress)))
    #expect(area.flags.contains("dd"))
    #expect(area.flags.contains("wf"))
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(__RLIMIT_MEMLOCK.rawValue), &limit)
    // The tests' own keys may have used the limit up.
    if limit.rlim_cur >= 1 << 23 { #expect(area.flags.contains("lo")) }
  }

  @Test("Wiped bytes are zeroes")
  func wiped() {
    var bytes: [UInt8] = [1, 2, 3]
    bytes.wipe()
    #expect(bytes == [0, 0, 0])
    var none: [UInt8] = []
    none.wipe()
    #expect(none.isEmpty)
  }

  @Test("While a key signs, and when it is gone, its bytes stand in nothing that would be dumped")
  func notDumped() async {
    await #expect(processExitsWith: .success) {
      let mask: UInt8 = 0xa5
      var secret = try RandomBytes.generate(count: 32)
      var masked = [UInt8](repeating: 0, count: 32)
      for index in 0..<32 { masked[index] = secret[index] ^ mask }
      // As its bytes, and as the four words that the curve's arithmetic has of it.
      func found() throws -> Int {
        guard let process = ProcessMemory() else { throw CryptographyError.failed(function: "open") }
        defer { process.close() }
        // Halves: what is freed has another thing's pointers in its first bytes soon.
        return [masked, masked.reversed()].reduce(0) { sum, form in
          sum + process.count(of: Array(form.prefix(16)), mask: mask) + process.count(of: Array(form.suffix(16)), mask: mask)
        }
      }
      // The search sees what is there: the array itself.
      guard try found() > 0 else { exit(3) }
      var key: SigningKey? = try SigningKey(secret: secret)
      secret.wipe()
      guard try found() == 0 else { exit(4) }
      for number in 0..<50 { _ = try key?.sign(SHA256.digest(of: [UInt8(number)])) }
      guard try found() == 0 else { exit(5) }
      key = nil
      guard try found() == 0 else { exit(6) }
    }
  }
}
