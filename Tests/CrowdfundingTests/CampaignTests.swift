// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import Nostr
import Policy
import TestSupport
import Testing

@Suite("Campaigns, their shape")
struct CampaignTests {
  /// What is changed in a good campaign, and what is answered.
  struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    let answer: String
    let change: @Sendable (inout [[String]]) -> Void

    init(_ name: String, _ answer: String = "accept", _ change: @escaping @Sendable (inout [[String]]) -> Void) {
      self.name = name
      self.answer = answer
      self.change = change
    }

    var testDescription: String { name }
  }

  static let key = String(repeating: "a", count: 64)
  /// 35 bytes whose first is 64: such a prefix has a second byte, and the whole 36.
  static let longPrefix = base58([64] + [UInt8](repeating: 7, count: 34))

  /// The plainest way to write bytes in base58.
  static func base58(_ bytes: [UInt8]) -> String {
    let alphabet = Array("123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz")
    var digits: [Int] = []
    for byte in bytes {
      var carry = Int(byte)
      for index in digits.indices {
        carry += digits[index] * 256
        digits[index] = carry % 58
        carry /= 58
      }
      while carry > 0 {
        digits.append(carry % 58)
        carry /= 58
      }
    }
    return String(digits.reversed().map { alphabet[$0] })
  }
  static let cases: [Case] = [
    Case("as it is") { _ in },
    // C1
    Case("two d", "invalid: d tag must appear once") { $0.append(["d", "x"]) },
    Case("no d", "invalid: d tag must appear once") { $0.remove("d") },
    Case("d without value", "invalid: d tag must appear once") { $0.set(["d"]) },
    Case("d of 128 bytes") { $0.set(["d", "crowdfund-48.85-2.35-" + String(repeating: "x", count: 107)]) },
    Case("d of 129 bytes", "invalid: d tag must appear once, with 1 to 128 bytes") {
      $0.set(["d", "crowdfund-48.85-2.35-" + String(repeating: "x", count: 108)])
    },
    Case("d of 5000 bytes", "invalid: d tag must appear once, with 1 to 128 bytes") { $0.set(["d", String(repeating: "x", count: 5000)]) },
    Case("d of another cell", "invalid: UMAP does not match g") { $0.set(["d", "crowdfund-48.86-2.35-jardin"]) },
    Case("d without cell", "invalid: UMAP does not match g: d is not crowdfund-{lat}-{lon}-{slug}") { $0.set(["d", "jardin"]) },
    Case("g finer than d, in its cell") { $0.set(["g", "48.8534,2.3488"]) },
    Case("g whose third decimal is 5, in the cell above") {
      $0.set(["g", "48.845,2.35"])
      $0.set(["d", "crowdfund-48.85-2.35-x"])
    },
    Case("g whose third decimal is 4, in the cell above", "invalid: UMAP does not match g") {
      $0.set(["g", "48.844,2.35"])
      $0.set(["d", "crowdfund-48.85-2.35-x"])
    },
    Case("negative degrees") {
      $0.set(["d", "crowdfund--48.85--2.35-x"])
      $0.set(["g", "-48.85,-2.35"])
    },
    // C2
    Case("no title", "invalid: missing title") { $0.remove("title") },
    Case("empty title", "invalid: missing title") { $0.set(["title", ""]) },
    Case("no topic crowdfunding", "invalid: missing t tag crowdfunding") { $0.removeAll { $0 == ["t", "crowdfunding"] } },
    Case("no topic UPlanet", "invalid: missing t tag UPlanet") { $0.removeAll { $0 == ["t", "UPlanet"] } },
    Case("expiration", "invalid: campaigns must not expire") { $0.append(["expiration", "1900000000"]) },
    // C3
    Case("project-id of 64 characters behind CF-") { $0.set(["project-id", "CF-" + String(repeating: "a", count: 64)]) },
    Case("longer project-id", "invalid: malformed project-id") { $0.set(["project-id", "CF-" + String(repeating: "a", count: 65)]) },
    Case("foreign project-id", "invalid: malformed project-id") { $0.set(["project-id", "PR-1"]) },
    Case("no project-id", "invalid: malformed project-id") { $0.remove("project-id") },
    Case("project id in d") {
      $0.remove("project-id")
      $0.set(["d", "CF-TEST-1"])
    },
    // C4
    Case("no g", "invalid: malformed g tag") { $0.remove("g") },
    Case("g without comma", "invalid: malformed g tag") { $0.set(["g", "48.85"]) },
    Case("latitude beyond 90", "invalid: malformed g tag") {
      $0.set(["g", "90.01,2.35"])
      $0.set(["d", "CF-TEST-1"])
    },
    Case("longitude beyond 180", "invalid: malformed g tag") {
      $0.set(["g", "48.85,-180.5"])
      $0.set(["d", "CF-TEST-1"])
    },
    Case("the edge of the map") {
      $0.set(["g", "-90,180.00"])
      $0.set(["d", "crowdfund--90.00-180.00-x"])
    },
    // C5
    Case("umap alone") { $0.removeAll { $0.last == "bien" || $0.first == "i" } },
    Case("bien alone") { $0.removeAll { $0.last == "umap" } },
    Case("neither", "invalid: missing umap or bien p tag") { $0.remove("p") },
    Case("p without role", "invalid: missing umap or bien p tag") { $0.set(["p", CampaignTests.key]) },
    Case("uppercase p", "invalid: missing umap or bien p tag") { $0.set(["p", String(repeating: "A", count: 64), "", "umap"]) },
    // C6
    Case("commons owner") { $0.set(["owner", CampaignTests.key, "commons", "12.5", "ZEN"]) },
    Case("owner's currency", "invalid: malformed owner tag") { $0.set(["owner", CampaignTests.key, "commons", "12", "EUR"]) },
    Case("owner's amount 0", "invalid: malformed owner tag") { $0.set(["owner", CampaignTests.key, "cash", "0", "EUR"]) },
    Case("owner with three places", "invalid: malformed owner tag") { $0.set(["owner", CampaignTests.key, "cash", "1.005", "EUR"]) },
    Case("owner without key", "invalid: malformed owner tag") { $0.set(["owner", "me", "cash", "1", "EUR"]) },
    // C7
    Case("no goal") { $0.remove("goal") },
    Case("three goals") {
      $0 += [["goal", "ZEN_COMMONS", "10"], ["goal", "G1", "0.5", "0"]]
    },
    Case("goal twice", "invalid: malformed goal tag") { $0.append(["goal", "ZEN_CONVERTIBLE", "5"]) },
    Case("goal of nothing", "invalid: malformed goal tag") { $0.set(["goal", "ZEN_COMMONS", "0"]) },
    Case("a collected figure that cannot be read") { $0.set(["goal", "ZEN_COMMONS", "5", "-1"]) },
    Case("an optional goal") { $0.set(["goal", "ZEN_COMMONS", "5", "noise", "optional"]) },
    Case("unknown goal", "invalid: malformed goal tag") { $0.set(["goal", "GOLD", "5"]) },
    Case("goal beyond all sums", "invalid: malformed goal tag") { $0.set(["goal", "G1", "99999999999999999999"]) },
    // C8
    Case("wallets") {
      $0 += [["wallet", "ASSETS", Sample.wallet], ["wallet", "CAPITAL", Sample.otherWallet], ["wallet", "G1", Sample.wallet]]
    },
    Case("unknown wallet", "invalid: malformed wallet tag") { $0.append(["wallet", "MINE", Sample.wallet]) },
    Case("wallet without key", "invalid: malformed wallet tag") { $0.append(["wallet", "ASSETS", "0OIl"]) },
    Case("wallet of an SS58 prefix that takes two bytes, written with one", "invalid: malformed wallet tag") {
      $0.append(["wallet", "ASSETS", CampaignTests.longPrefix])
    },
    Case("malformed wallet of the Bien", "invalid: malformed wallet tag") { $0.set(["i", "g1pub:0OIl"]) },
    // C9
    Case("no status") { $0.remove("status") },
    Case("unknown status", "invalid: unknown status") { $0.set(["status", "open"]) },
    Case("closes later") { $0.append(["closed_at", "\(Sample.start + 1)"]) },
    Case("closes at once", "invalid: malformed closed_at") { $0.append(["closed_at", "\(Sample.start)"]) },
    Case("closes tomorrow, in words", "invalid: malformed closed_at") { $0.append(["closed_at", "tomorrow"]) },
    Case("quorum and governance") { $0 += [["quorum", "1"], ["governance", "unanimous"]] },
    Case("quorum 0", "invalid: malformed quorum") { $0.append(["quorum", "0"]) },
    Case("unknown governance", "invalid: unknown governance") { $0.append(["governance", "king"]) },
    // C10
    Case("a secret in a tag", "invalid: campaign would publish a secret") { $0.append(["x", "nsec1qqqq"]) },
    // C11
    Case("another designated captain", "restricted: only the designated captain may create this campaign") {
      $0.append(["captain", Sample.stranger.hex])
    },
    Case("final from the start", "invalid: status cannot begin as completed") { $0.set(["status", "completed"]) },
    Case("funded from the start", "invalid: status cannot begin as funded") { $0.set(["status", "funded"]) },
  ]

  @Test("a campaign is accepted or refused by the first check that it fails", arguments: cases)
  func check(_ sample: Case) throws {
    let relay = try Relay()
    #expect(try relay.live(Sample.campaign(change: sample.change)) == sample.answer)
    #expect(try relay.journalCount() == (sample.answer == Relay.accept ? 1 : 0))
  }

  @Test("C7: a collected figure that cannot be read costs nothing but a warning")
  func noise() throws {
    let event = Sample.campaign { $0.set(["goal", "ZEN_CONVERTIBLE", "5", "many"]) }
    let relay = try Relay()
    let judgement = relay.judge.judge(raw: event.raw, in: Circumstances(receivedAt: event.createdAt, source: .ip4))
    #expect(judgement.decision == .accept)
    #expect(judgement.diagnostics.map(\.level) == [.warning])
    #expect(judgement.diagnostics.first?.fields.last == Diagnostic.Field("goal", "ZEN_CONVERTIBLE"))
    let clean = Sample.campaign()
    let other = try Relay()
    let accepted = other.judge.judge(raw: clean.raw, in: Circumstances(receivedAt: clean.createdAt, source: .ip4))
    #expect(accepted.decision == .accept)
    #expect(accepted.diagnostics.isEmpty)
  }

  static let secret = "invalid: campaign would publish a secret"

  @Test(
    "C10: JSON holds no derivation, salt or pepper, however deep, and whatever stands before it or around it",
    arguments: [
      "{\"salt\":\"x\"}", " {\"a\":[{\"derivation\":{}}]}", "\u{feff}{\"salt\":1}", "\u{a0}{\"pepper\":1}", "\u{feff} \u{2003}{\"a\":{\"salt\" : 1}}",
      "[{\"salt\":\"x\"}]", "[[1,{\"pepper\"\u{a0}:2}]]", "\"{\\\"salt\\\":1}\"", "{\"a\":\"{\\\"b\\\":\\\"{\\\\\\\"pepper\\\\\\\":1}\\\"}\"}",
      "{\"s\\u0061lt\":1}", "{\"a\":\"{\\\"\\\\u0073alt\\\":1}\"}", "{\"salt\":", "{\"Salt\":1}",
    ])
  func members(content: String) throws {
    #expect(try Relay().live(Sample.campaign(content: content)) == Self.secret)
    let inCode = Sample.campaign(content: content) { $0.set(["d", "CF-TEST-1"]) }
    #expect(try Relay().live(inCode) == Self.secret)
  }

  @Test("C10: nothing anywhere reads nsec1, in capitals neither, and not in elements of tags that are no strings")
  func secretKeys() throws {
    for content in ["my key is nsec1abc", "NSEC1QQQ", "{\"a\":\"nsec1q\"}", "{\"a\":\"\\u006esec1q\"}", "\"{\\\"a\\\":\\\"n\\\\u0073ec1q\\\"}\""] {
      #expect(try Relay().live(Sample.campaign(content: content)) == Self.secret, "\(content)")
    }
    let whole = Sample.tags().map { "[" + $0.map { "\"\($0)\"" }.joined(separator: ",") + "]" }.joined(separator: ",")
    for odd in [#"["x","y",{"a":"nsec1q"}]"#, #"["x","y",["z",["NSEC1q"]]]"#, #"["x","y",{"salt":1}]"#] {
      let raw = Sample.captain.signedRaw(kind: 30904, createdAt: Sample.start, tags: "[\(odd),\(whole)]", content: "\"x\"")
      #expect(try Relay().send(line: requestLine(json: raw, receivedAt: Sample.start)) == Self.secret, "\(odd)")
    }
  }

  @Test(
    "C10: words that are no members are no secrets",
    arguments: ["salt and pepper", "{\"note\":\"salt\"}", "\"salt\", \"pepper\"", "nsec", "\\\\\\u00"])
  func harmless(content: String) throws {
    #expect(try Relay().live(Sample.campaign(content: content)) == Relay.accept)
  }

  @Test("C10: texts within texts cost no more than their length, a few times")
  func nested() throws {
    let backslashes = String(repeating: "\\", count: 15_000)
    #expect(try Relay().sync(Sample.campaign(content: backslashes + "\"salt\"" + backslashes)) == Relay.accept)
  }

  @Test("C5: where map cells are configured, the cell has to be one of them")
  func cells() throws {
    let relay = try Relay(Relay.options { $0.umaps = [Sample.stranger.pubkey] })
    #expect(try relay.live(Sample.campaign()) == "restricted: unknown UMAP")
    let known = try Relay(Relay.options { $0.umaps = [Sample.cell.pubkey] })
    #expect(try known.live(Sample.campaign()) == Relay.accept)
  }

  @Test("C0: snapshots come from this node, another known one, or the Bien, and change nothing")
  func snapshots() throws {
    let relay = try Relay(Relay.options { $0.followUps.nodes = [TestKey("other node").pubkey] })
    try relay.live(Sample.campaign(status: "draft"))
    let rows = try relay.journalCount()
    for author in [Relay.node, TestKey("other node"), Sample.bien] {
      for identifier in ["CF-TEST-1", "CF-TEST-1:snapshot"] {
        let event = author.event(kind: 30904, createdAt: Sample.start, tags: [["d", identifier], ["role", "snapshot"]], content: "{}")
        #expect(try relay.live(event) == Relay.accept)
      }
    }
    let forged = Sample.stranger.event(kind: 30904, createdAt: Sample.start, tags: [["d", "CF-TEST-1"], ["role", "snapshot"]], content: "{}")
    #expect(try relay.live(forged) == "restricted: snapshots come from the campaign's node")
    #expect(try relay.journalCount() == rows)
  }
}
