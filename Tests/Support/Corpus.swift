// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation

/// The folder of real data beside the package, `../shared/corpus`, or where the environment's COMMONSGUARD_CORPUS says.
/// It is not part of the project: tests that read it are `.enabled(if: Corpus.isPresent, "no corpus")`.
public enum Corpus {
  public static let folder: URL = {
    if let path = ProcessInfo.processInfo.environment["COMMONSGUARD_CORPUS"], !path.isEmpty { return URL(fileURLWithPath: path) }
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return package.deletingLastPathComponent().appendingPathComponent("shared/corpus")
  }()

  public static var isPresent: Bool { FileManager.default.fileExists(atPath: folder.path) }

  public static func bytes(of file: String) throws -> [UInt8] { Array(try Data(contentsOf: folder.appendingPathComponent(file))) }

  /// The lines of a file, without their newlines and without empty ones.
  public static func lines(of file: String) throws -> [[UInt8]] { try bytes(of: file).split(separator: 0x0a).map(Array.init) }
}
