// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import Nostr
import Policy
import TestSupport
import Testing

@Suite("Campaigns in the Contract's JSON")
struct CampaignJSONTests {
  static let totals = #"{"zen_convertible_target":500,"zen_convertible_collected":20,"g1_target":"2.5","commons_zen":30}"#

  private func event(
    project: String = "CF-JSON-1", totals: String = totals, active: String = "true", status: String = "crowdfunding", extra: String = "",
    change: (inout [[String]]) -> Void = { _ in }
  ) -> Event {
    var tags = [["d", "CF-JSON-1"], ["title", "Le bien"], ["t", "crowdfunding"], ["t", "UPlanet"], ["zen_target", "500"], ["g1_target", "2.5"]]
    change(&tags)
    let content = """
      {"id":"\(project)","location":{"latitude":48.85,"longitude":2.35},"status":"\(status)","umapPubkey":"\(Sample.cell.hex)",
      "owners":[{"email":"a@example.org","mode":"commons","amount_zen":30},{"email":"b@example.org","mode":"cash","amount_eur":"500.00"}],
      "totals":\(totals),"campaigns":{"zen_convertible_campaign_active":\(active)},
      "bien_identity":{"hex":"\(Sample.bien.hex)","g1pub":"\(Sample.wallet)"}\(extra)}
      """
    return Sample.captain.event(kind: 30904, createdAt: Sample.start, tags: tags, content: content)
  }

  @Test("both dialects give the same campaign")
  func whole() throws {
    let relay = try Relay()
    #expect(try relay.live(event()) == Relay.accept)
    let view = try #require(try relay.campaign("CF-JSON-1"))
    #expect(view.status == .crowdfunding)
    #expect(view.record.bien == Sample.bien.pubkey)
    #expect(view.record.wallet?.text == Sample.wallet)
    #expect(view.record.cell == Sample.cell.pubkey)
    #expect(view.goals.map(\.goal.type) == [.zenConvertible, .zenCommons, .g1])
    #expect(view.goals.map(\.goal.target.hundredths) == [50_000, 3_000, 2_500])
    #expect(try relay.live(Sample.contribution(project: "CF-JSON-1")) == Relay.accept)
  }

  @Test("a goal that is not active takes no contribution")
  func inactive() throws {
    let relay = try Relay()
    #expect(try relay.live(event(active: "false")) == Relay.accept)
    #expect(try relay.live(Sample.contribution(project: "CF-JSON-1")) == "invalid: this campaign has no such goal")
    let commons = Sample.contribution(project: "CF-JSON-1") { $0.append(["target", "ZEN_COMMONS"]) }
    #expect(try relay.live(commons) == Relay.accept)
  }

  @Test("what is written twice has to agree")
  func contradictions() throws {
    let relay = try Relay()
    #expect(try relay.live(event { $0.set(["zen_target", "501"]) }) == "invalid: goal differs from totals")
    #expect(try relay.live(event { $0.set(["zen_target", "0"]) }) == "invalid: goal differs from totals")
    #expect(try relay.live(event { $0.append(["goal", "ZEN_CONVERTIBLE", "499"]) }) == "invalid: goal differs from totals")
    #expect(try relay.live(event(totals: #"{"zen_convertible_target":-5}"#)) == "invalid: malformed goal tag")
    #expect(try relay.live(event(project: "CF-OTHER")) == "invalid: malformed project-id")
    #expect(try relay.live(event(status: "open")) == "invalid: unknown status")
    #expect(
      try relay.live(event { $0.append(["p", Sample.stranger.hex, "", "bien"]) }) == "invalid: missing umap or bien p tag: two Biens are named")
  }

  @Test("key material in the JSON is refused", arguments: ["salt", "pepper", "derivation"])
  func secrets(key: String) throws {
    #expect(try Relay().live(event(extra: ",\"\(key)\":\"x\"")) == "invalid: campaign would publish a secret")
    #expect(try Relay().live(event(extra: ",\"note\":\"\(key)\"")) == Relay.accept)
  }
}
