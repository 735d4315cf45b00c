// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Glibc

/// A folder with a configuration and a state of its own, and an environment that names them; removed when the test ends.
final class Sandbox {
  let folder: String
  var configurationFile: String { folder + "/config.json5" }
  var statePath: String { folder + "/state/commonsguard" }
  let environment: [String: String]

  /// Commits are not forced to the disk: no test takes the power away, and each would cost milliseconds.
  static let relaxed = "{ state: { durability: \"relaxed\" } }"

  /// - Parameter configuration: JSON5; nil: no file stands there.
  init(configuration: String? = Sandbox.relaxed) throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("commonsguard-tests-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    environment = [
      "PATH": "/usr/bin:/bin", "HOME": folder, "TMPDIR": folder, "XDG_STATE_HOME": folder + "/state",
      "COMMONSGUARD_CONFIG": folder + "/config.json5",
    ]
    if let configuration { try configure(configuration) }
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  func configure(_ json5: String) throws { try write(Array(json5.utf8), to: "config.json5") }

  /// - Returns: the path.
  @discardableResult
  func write(_ bytes: [UInt8], to name: String) throws -> String {
    let path = "\(folder)/\(name)"
    try Data(bytes).write(to: URL(fileURLWithPath: path))
    return path
  }

  @discardableResult
  func write(lines: [[UInt8]], to name: String) throws -> String { try write(Array(lines.joined(separator: [0x0a])) + [0x0a], to: name) }

  /// What a command printed, and how it ended.
  struct Outcome {
    let status: Int32?
    let output: String
    let errors: String

    var lines: [String] { output.split(separator: "\n").map(String.init) }
    /// The output as one JSON object.
    var json: [String: Any]? { try? JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any] }
  }

  /// Runs a command of the program to its end.
  func run(_ arguments: [String], input: [UInt8] = []) throws -> Outcome {
    let name = UUID().uuidString
    let (inputFile, outputFile, errorsFile) = (try write(input, to: "\(name).in"), "\(folder)/\(name).out", "\(folder)/\(name).err")
    let descriptors = (
      open(inputFile, O_RDONLY | O_CLOEXEC), open(outputFile, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600),
      open(errorsFile, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    )
    defer { [descriptors.0, descriptors.1, descriptors.2].forEach { close($0) } }
    let child = try Child([Binary.path] + arguments, environment: environment, .init(standard: descriptors))
    let ending = child.end(withinSeconds: 60)
    var status: Int32?
    if case .exited(let code) = ending { status = code }
    return Outcome(
      status: status, output: String(decoding: FileManager.default.contents(atPath: outputFile) ?? Data(), as: UTF8.self),
      errors: String(decoding: FileManager.default.contents(atPath: errorsFile) ?? Data(), as: UTF8.self))
  }
}
