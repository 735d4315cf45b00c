// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Nostr
import TestSupport
import Testing

@testable import Configuration

@Suite("Configuration of collectives")
struct CollectivesConfigurationTests {
  private let one = String(repeating: "3", count: 64)
  private let two = String(repeating: "2", count: 64)

  @Test("every option reaches the domain")
  func read() throws {
    let options = try parse(
      """
      { collectives: { approve: "2/3", veto: "1/1", checkpoint: true, forkPolicy: "firstSeen", genesisMerit: false, allowDeletion: true, maxSecsPerPubkey: 3,
        dRegex: "^[a-z]+$", acceptUnverifiedTxid: true, transferKinds: [1500], validateSatellites: true, productPriceUnit: "msat",
        totalOnly: true, trustedZappers: ["\(one)"], zappers: ["\(one)=\(two)"] } }
      """
    ).collectives
    #expect(options.approve == Fraction(2, 3) && options.veto == Fraction(1, 1) && options.checkpoint && !options.genesisMerit)
    #expect(options.allowDeletion && options.maxSecsPerPubkey == 3 && options.dRegex == NamePattern("^[a-z]+$") && options.totalOnly)
    #expect(options.forkPolicy == .firstSeen && options.acceptUnverifiedTxid && options.transferKinds == [1500] && options.productPriceUnit == .msat)
    let (payee, zapper) = (try #require(PublicKey(hex: one)), try #require(PublicKey(hex: two)))
    #expect(options.trustedZappers == [payee] && options.zappers == [payee: [zapper]])
  }

  @Test("the evidence of an update has at most as many bytes as an event that the relay takes")
  func eventBytes() throws { #expect(try parse("{ relay: { maxEventBytes: 100000 } }").collectives.maxEventBytes == 100_000) }

  @Test("the nodes whose labels are kept are those of crowdfunding, and this one")
  func nodes() throws {
    let options = try parse("{ node: { publicKey: \"\(one)\" }, crowdfunding: { nodes: [\"\(two)\"] } }").collectives
    for key in [one, two] { #expect(options.followUps.isNode(try #require(PublicKey(hex: key)))) }
    #expect(!options.followUps.isNode(TestKey("stranger").pubkey))
  }

  @Test("without a word about them, collectives are as the spec has them")
  func defaults() throws { #expect(try parse("{}").collectives == CollectivesOptions()) }

  @Test(
    "what cannot be is refused",
    arguments: [
      "approve: \"1/1\"", "approve: \"0/2\"", "veto: \"3/2\"", "veto: \"0/1\"", "forkPolicy: \"newest\"", "dRegex: \"(\"", "transferKinds: [70000]",
      "transferKinds: [1414]", "requestKinds: [9735]", "zappers: [\"x\"]", "productPriceUnit: \"btc\"",
    ])
  func refused(_ setting: String) { #expect(errors("{ collectives: { \(setting) } }").count == 1) }
}
