// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport

/// Campaigns, votes and contributions of one story, really signed.
struct Scene {
  static let captain = TestKey("captain")
  static let began: UInt64 = 1_700_000_000

  let project: String
  /// A Bien belongs to one project.
  var bien: TestKey { TestKey("bien of \(project)") }

  init(_ project: String = "CF-20260101-AB12") { self.project = project }

  /// - Parameter target: of the goal ZEN_CONVERTIBLE, in Ẑ.
  func campaign(status: String = "crowdfunding", target: Int = 1000, at time: UInt64 = began) -> Event {
    Self.captain.event(
      kind: 30904, createdAt: time,
      tags: [
        ["d", project], ["title", "A shared garden"], ["t", "crowdfunding"], ["t", "UPlanet"], ["project-id", project], ["g", "48.85,2.35"],
        ["p", bien.hex, "", "bien"], ["goal", "ZEN_CONVERTIBLE", "\(target)", "0"], ["status", status],
      ], content: "# A shared garden")
  }

  func vote(by voter: TestKey, weight: Int = 1, at time: UInt64 = began + 10) -> Event {
    voter.event(
      kind: 7, createdAt: time, tags: [["t", "vote-assets"], ["project-id", project], ["p", bien.hex]], content: weight == 1 ? "+" : "+\(weight)")
  }

  func contribution(by author: TestKey, amount: Int = 1, at time: UInt64 = began + 10) -> Event {
    author.event(
      kind: 7, createdAt: time, tags: [["t", "crowdfunding"], ["project-id", project], ["p", bien.hex]], content: amount == 1 ? "+" : "+\(amount)")
  }

  /// A note that no domain claims.
  static func note(_ text: String = "hello", at time: UInt64 = began) -> Event { TestKey("author").event(kind: 1, createdAt: time, content: text) }
}

func utf8(_ text: String) -> [UInt8] { Array(text.utf8) }
