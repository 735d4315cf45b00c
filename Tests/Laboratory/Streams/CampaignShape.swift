// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography

/// A campaign as the laboratory makes them: in the markdown dialect, with a Bien and its wallet.
struct CampaignShape {
  let project: String
  /// 64 hex digits. A Bien that signs nothing here needs no secret.
  let bien: String
  let wallet: String
  var status = "crowdfunding"
  /// In Ẑ.
  var target = 1_000_000_000

  init(_ project: String, status: String = "crowdfunding", target: Int = 1_000_000_000) {
    self.project = project
    self.status = status
    self.target = target
    bien = SHA256.digest(of: Array("bien of \(project)".utf8)).hex
    wallet = Self.wallet("wallet of \(project)")
  }

  /// A Ğ1 key of a name. The first byte is high, so that base58 has 43 digits at least.
  static func wallet(_ name: String) -> String {
    var bytes = SHA256.digest(of: Array(name.utf8)).bytes
    bytes[0] |= 0x80
    return Base58.encode(bytes)
  }

  var tags: [[String]] {
    [
      ["d", "crowdfund-43.60-1.44-\(project)"], ["title", "Campaign \(project)"], ["t", "crowdfunding"], ["t", "UPlanet"], ["project-id", project],
      ["g", "43.60,1.44"], ["p", bien, "", "bien"], ["i", "g1pub:\(wallet)"], ["goal", "ZEN_CONVERTIBLE", String(target)], ["status", status],
    ]
  }

  /// The tags of a contribution.
  var contributionTags: [[String]] { [["p", bien, "", "bien"], ["t", "crowdfunding"], ["project-id", project], ["target", "ZEN_CONVERTIBLE"]] }
  /// The tags of a vote.
  var voteTags: [[String]] { [["p", bien, "", "bien"], ["t", "vote-assets"], ["project-id", project], ["vote-type", "ASSETS_USAGE"]] }
}
