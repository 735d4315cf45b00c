// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation

/// The program under test: built beside the tests, or where the environment's COMMONSGUARD_BINARY says.
enum Binary {
  static let path: String = {
    if let path = ProcessInfo.processInfo.environment["COMMONSGUARD_BINARY"], !path.isEmpty { return path }
    let tests = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let candidates = [
      URL(fileURLWithPath: tests).deletingLastPathComponent().appendingPathComponent("commonsguard").path,
      package.appendingPathComponent(".build/debug/commonsguard").path,
    ]
    return candidates.first { FileManager.default.isExecutableFile(atPath: $0) } ?? "commonsguard"
  }()
}
