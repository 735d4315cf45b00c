// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Foundation
import Nostr
import Policy
import TestSupport
import Testing

@testable import Groups

@Suite struct OpenTimestampsTests {
  static func vector(_ name: String) throws -> [UInt8] {
    var hex = ""
    var isFound = false
    for line in OTSVectors.text.split(separator: "\n") {
      if line.hasPrefix(" ") {
        if isFound { hex += line.filter { $0 != " " } }
      } else {
        isFound = line == name
      }
    }
    return try #require(Hex.decode(hex.utf8))
  }

  /// Bytes 36–67 of the header of block 358391, and its time.
  static let helloHeader =
    "02000000b96394585a281b7e5f438fd1c9ed492645a1fd61cb3802040000000000000000007ee445d23ad061af4a36b809501fab1ac4f2d7e7a739817dd0cbb7ec661b8a"
    + "1e376755f58616186272def6"

  @Test("hello-world leads to the merkle root of block 358391")
  func helloWorld() throws {
    let proof = try OpenTimestamps(parsing: try Self.vector("hello-world.txt.ots"))
    #expect(proof.digest.hex == "03ba204e50d126e4674c005e04d82e84c21366780af1f43bd54a37816b6ab340")
    #expect(proof.bitcoin.count == 1)
    #expect(proof.bitcoin.first?.height == 358_391)
    #expect(proof.bitcoin.first?.root?.hex == "007ee445d23ad061af4a36b809501fab1ac4f2d7e7a739817dd0cbb7ec661b8a")
    let header = BitcoinHeaders.Header(try #require(Hex.decode(Self.helloHeader.utf8)))
    #expect(header?.merkleRoot == proof.bitcoin.first?.root)
    #expect(header?.time == 1_432_827_678)
  }

  @Test(
    "proofs of calendars and of other notaries are well formed, and hold no Bitcoin attestation",
    arguments: ["incomplete", "two-calendars", "merkle1", "unknown-notary", "known-and-unknown-notary"])
  func noBitcoin(_ name: String) throws {
    #expect(try OpenTimestamps(parsing: try Self.vector("\(name).txt.ots")).bitcoin.isEmpty)
  }

  @Test("another blockchain's attestation is skipped by its length")
  func otherBlockchain() throws {
    let proof = try OpenTimestamps(parsing: try Self.vector("different-blockchains.txt.ots"))
    #expect(proof.bitcoin.map(\.height) == [455_605])
    let bad = try OpenTimestamps(parsing: try Self.vector("bad-stamp.txt.ots"))
    #expect(bad.digest != (try OpenTimestamps(parsing: try Self.vector("hello-world.txt.ots"))).digest)
  }

  @Test("malformed proofs are refused", arguments: ["bad-major-version", "exceeds-max-msg-length", "invalid-file-digest-type"])
  func malformed(_ name: String) throws {
    let bytes = try Self.vector("invalid-\(name).ots")
    #expect(throws: OpenTimestamps.Failure.malformed) { try OpenTimestamps(parsing: bytes) }
  }

  @Test("every cut of a proof, and everything behind its end, is malformed")
  func cuts() throws {
    let bytes = try Self.vector("hello-world.txt.ots")
    for count in 0..<bytes.count {
      #expect(throws: OpenTimestamps.Failure.malformed) { try OpenTimestamps(parsing: Array(bytes[..<count])) }
    }
    #expect(throws: OpenTimestamps.Failure.malformed) { try OpenTimestamps(parsing: bytes + [0]) }
  }

  private let bitcoin: [UInt8] = [0x00, 0x05, 0x88, 0x96, 0x0d, 0x73, 0xd7, 0x19, 0x01, 1, 7]
  private let digest = [UInt8](repeating: 0xab, count: 32)
  private func proof(_ path: [UInt8]) -> [UInt8] { OpenTimestamps.magic + [1, 0x08] + digest + path + bitcoin }

  @Test("every operation does what it says")
  func operations() throws {
    func root(_ path: [UInt8]) throws -> String? { try OpenTimestamps(parsing: proof(path)).bitcoin.first?.root?.hex }
    #expect(try root([]) == Hex.string(digest))
    #expect(try root([0xf0, 1, 0x01, 0x08]) == SHA256.digest(of: digest + [1]).hex)
    #expect(try root([0xf1, 1, 0x01, 0x08]) == SHA256.digest(of: [1] + digest).hex)
    #expect(try root([0xf0, 1, 0x01, 0xf2, 0x08]) == SHA256.digest(of: [1] + digest).hex)
    #expect(try root([0xf3, 0x08]) == SHA256.digest(of: Array(Hex.string(digest).utf8)).hex)
    let sha1 = try #require(LegacyDigest.sha1(of: digest))
    #expect(try root([0x02, 0x08]) == SHA256.digest(of: sha1).hex)
    if let ripemd = LegacyDigest.ripemd160(of: digest) { #expect(try root([0x03, 0x08]) == SHA256.digest(of: ripemd).hex) }
    #expect(try root([0x67, 0x08]) == nil, "keccak256: not to be verified here, and not malformed")
    #expect(throws: OpenTimestamps.Failure.malformed) { try root([0x05]) }
  }

  @Test("SHA-1 and RIPEMD-160 of abc")
  func digests() {
    #expect(LegacyDigest.sha1(of: Array("abc".utf8)).map { Hex.string($0) } == "a9993e364706816aba3e25717850c26c9cd0d89d")
    if let digest = LegacyDigest.ripemd160(of: Array("abc".utf8)) { #expect(Hex.string(digest) == "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc") }
  }

  @Test("a fork's branches begin with the same message")
  func fork() throws {
    let path: [UInt8] = [0xff, 0xf0, 1, 0x01, 0x08, 0x00, 0x05, 0x88, 0x96, 0x0d, 0x73, 0xd7, 0x19, 0x01, 1, 9]
    let parsed = try OpenTimestamps(parsing: proof(path))
    #expect(parsed.bitcoin.map(\.height) == [9, 7])
    #expect(parsed.bitcoin.map { $0.root?.hex } == [SHA256.digest(of: digest + [1]).hex, Hex.string(digest)])
    #expect(throws: OpenTimestamps.Failure.malformed) { try OpenTimestamps(parsing: proof([0xff, 0xff])) }
  }

  @Test("128 operations are followed, 129 are too deep")
  func depth() throws {
    #expect(try OpenTimestamps(parsing: proof([UInt8](repeating: 0xf2, count: 128))).bitcoin.count == 1)
    #expect(throws: OpenTimestamps.Failure.malformed) { try OpenTimestamps(parsing: proof([UInt8](repeating: 0xf2, count: 129))) }
  }

  @Test("numbers are LEB128 of at most nine bytes")
  func numbers() throws {
    var reader = OTSReader([0xe5, 0x8e, 0x26])
    #expect(try reader.varuint() == 624_485)
    var long = OTSReader([UInt8](repeating: 0xff, count: 12))
    #expect(throws: OpenTimestamps.Failure.malformed) { try long.varuint() }
  }

  @Test("random bytes behind the magic never trap")
  func noise() {
    var random = SplitMix64(seed: 1)
    for _ in 0..<5000 {
      let tags: [UInt8] = [0x00, 0x02, 0x03, 0x08, 0x67, 0xf0, 0xf1, 0xf2, 0xf3, 0xff]
      let noise = (0..<Int.random(in: 0...60, using: &random)).map { _ in
        Bool.random(using: &random) ? tags.randomElement(using: &random) ?? 0 : UInt8.random(in: 0...255, using: &random)
      }
      do {
        let proof = try OpenTimestamps(parsing: OpenTimestamps.magic + [1, 0x08] + digest + noise)
        #expect(proof.digest.bytes == digest && proof.bitcoin.count <= OpenTimestamps.maxAttestations)
      } catch { #expect(error == .malformed) }
    }
  }

  @Test("a proof may be worked on for a mebibyte: long messages in many branches are malformed")
  func work() throws {
    let long: [UInt8] = [0xf0, 0x80, 0x1f] + [UInt8](repeating: 1, count: 3968)
    // Each branch reverses 4000 bytes, which are read and written.
    let branch: [UInt8] = [0xff, 0xf2] + bitcoin
    let most = (OpenTimestamps.maxWork - 32 - 4000) / 8000
    func branches(_ count: Int) -> [UInt8] { proof(long + (0..<count).flatMap { _ in branch }) }
    #expect(try OpenTimestamps(parsing: branches(most)).bitcoin.map(\.height) == [7])
    #expect(throws: OpenTimestamps.Failure.malformed) { try OpenTimestamps(parsing: branches(most + 1)) }
  }
}
