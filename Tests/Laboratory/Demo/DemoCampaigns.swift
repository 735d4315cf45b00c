// SPDX-License-Identifier: AGPL-3.0-or-later

/// The two campaigns of the demo, one in each dialect.
enum DemoCampaigns {
  static let garden = DemoGarden()
  static let workshop = DemoWorkshop()
}

/// NIP-75's dialect: tags and markdown.
struct DemoGarden {
  private let wallet = CampaignShape.wallet("demo garden's wallet")

  var tags: [[String]] {
    [
      ["d", "crowdfund-43.60-1.44-shared-garden"], ["title", "A shared garden"], ["t", "crowdfunding"], ["t", "UPlanet"],
      ["project-id", "CF-DEMO-GARDEN"], ["g", "43.60,1.44"], ["p", DemoCast.cell.hex, "", "umap"], ["p", DemoCast.garden.hex, "", "bien"],
      ["i", "g1pub:\(wallet)"], ["owner", DemoCast.alice.hex, "commons", "20", "ZEN"], ["owner", DemoCast.bob.hex, "cash", "100", "EUR"],
      ["goal", "ZEN_CONVERTIBLE", "100", "0"], ["goal", "ZEN_COMMONS", "20", "0"],
      ["wallet", "ASSETS", CampaignShape.wallet("demo ASSETS")], ["wallet", "CAPITAL", CampaignShape.wallet("demo CAPITAL")],
      ["status", "crowdfunding"],
    ]
  }

  let content = "# A shared garden\n\nTwo owners, one garden for the cell. React with `+` or `+N` to contribute N Ẑ."

  func contribution(_ target: String = "ZEN_CONVERTIBLE") -> [[String]] {
    [
      ["p", DemoCast.garden.hex, "", "bien"], ["t", "crowdfunding"], ["project-id", "CF-DEMO-GARDEN"], ["target", target], ["i", "g1pub:\(wallet)"],
      ["k", "30904"],
    ]
  }
}

/// The Contract's dialect: a JSON object.
struct DemoWorkshop {
  private let project = "CF-DEMO-WORKSHOP"
  private let wallet = CampaignShape.wallet("demo workshop's wallet")

  var tags: [[String]] { tags(status: "vote_pending") }
  var content: String { content(status: "vote_pending") }

  func tags(status: String) -> [[String]] {
    [
      ["d", project], ["title", "A workshop"], ["t", "crowdfunding"], ["t", "UPlanet"], ["project-id", project], ["g", "43.61,1.45"],
      ["p", DemoCast.cell.hex, "", "umap"], ["p", DemoCast.workshop.hex, "", "bien"], ["i", "g1pub:\(wallet)"], ["zen_target", "100"],
      ["status", status],
    ]
  }

  func content(status: String) -> String {
    [
      #"{"id":"\#(project)","name":"A workshop","status":"\#(status)","location":{"latitude":43.61,"longitude":1.45},"#,
      #""bien_identity":{"hex":"\#(DemoCast.workshop.hex)","g1pub":"\#(wallet)"},"#,
      #""owners":[{"email":"bob@example.org","mode":"cash","amount_eur":100}],"#,
      #""totals":{"zen_convertible_target":100,"zen_convertible_collected":0},"campaigns":{"zen_convertible_campaign_active":true}}"#,
    ].joined()
  }

  func contribution() -> [[String]] { [["p", DemoCast.workshop.hex, "", "bien"], ["t", "crowdfunding"], ["project-id", project]] }

  var vote: [[String]] {
    [["p", DemoCast.workshop.hex, "", "bien"], ["t", "vote-assets"], ["project-id", project], ["vote-type", "ASSETS_USAGE"]]
  }
  var oldVote: [[String]] { [["t", "crowdfunding"], ["target", "VOTE"], ["project-id", project]] }
}
