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

  /// A command that was started.
  struct Running {
    let child: Child
    fileprivate let outputFile: String
    fileprivate let errorsFile: String

    var output: String { String(decoding: FileManager.default.contents(atPath: outputFile) ?? Data(), as: UTF8.self) }
    var errors: String { String(decoding: FileManager.default.contents(atPath: errorsFile) ?? Data(), as: UTF8.self) }
  }

  /// Starts a command of the program.
  /// - Parameters:
  ///   - stdin: lent.
  ///   - stdout: lent; nil: a file that `Running.output` reads.
  func start(_ arguments: [String], stdin: Int32, stdout: Int32? = nil, ignoresPipeSignal: Bool = true) throws -> Running {
    let name = UUID().uuidString
    let (outputFile, errorsFile) = ("\(folder)/\(name).out", "\(folder)/\(name).err")
    let output = open(outputFile, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    let errors = open(errorsFile, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
    defer { [output, errors].forEach { close($0) } }
    var inheritance = Child.Inheritance(standard: (stdin, stdout ?? output, errors))
    inheritance.ignoresPipeSignal = ignoresPipeSignal
    return Running(
      child: try Child([Binary.path] + arguments, environment: environment, inheritance), outputFile: outputFile, errorsFile: errorsFile)
  }

  /// Runs a command of the program to its end.
  /// - Parameter stdout: a path that is written instead of what `output` would tell.
  func run(_ arguments: [String], input: [UInt8] = [], stdout: String? = nil) throws -> Outcome {
    let stdin = open(try write(input, to: "\(UUID().uuidString).in"), O_RDONLY | O_CLOEXEC)
    let output = stdout.map { open($0, O_WRONLY | O_CLOEXEC) }
    defer { ([stdin] + (output.map { [$0] } ?? [])).forEach { close($0) } }
    let running = try start(arguments, stdin: stdin, stdout: output)
    var status: Int32?
    if case .exited(let code) = running.child.end(withinSeconds: 60) { status = code }
    return Outcome(status: status, output: running.output, errors: running.errors)
  }

  /// The folders and files that temporary names begin with.
  func leftovers() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasPrefix("commonsguard-") || $0.contains(".partial") }
  }
}
