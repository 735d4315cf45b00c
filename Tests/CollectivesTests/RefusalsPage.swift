// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Testing

/// The refusals as `docs/domains/collectives.md` tells them.
@Suite("Collectives: the refusals of the documentation")
struct RefusalsPage {
  private static let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static func text(_ path: String) throws -> String { try String(contentsOf: package.appendingPathComponent(path), encoding: .utf8) }

  @Test("every refusal stands on the page of the domain, by its fixed words")
  func complete() throws {
    let source = try Self.text("Sources/Domains/Collectives/CollectivesRejection.swift")
    let page = try Self.text("docs/domains/collectives.md")
    var count = 0
    for line in source.split(separator: "\n") {
      // `.invalid("malformed \(name) tag")`: what stands between the quotes, without what varies.
      guard let match = line.firstMatch(of: /\.(?:invalid|blocked|error|restricted|duplicate)\("(.+)"\)/) else { continue }
      let fixed = match.1.split(separator: /\\\([^)]*\)/).map { $0.trimmingCharacters(in: .whitespaces) }
      let longest = try #require(fixed.max { $0.count < $1.count })
      #expect(page.contains(longest), "\(match.1)")
      count += 1
    }
    #expect(count > 60)
  }
}
