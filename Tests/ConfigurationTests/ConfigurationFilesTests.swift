// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Testing

@testable import Configuration

@Suite("Files that a configuration names")
struct ConfigurationFilesTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  @Test("map cells: comments and blank lines are ignored, the keys are known")
  func umaps() throws {
    try folder.write("# cells\n\n\(someKey)  # Paris\r\n", to: "umaps.txt")
    let read = try parse("{crowdfunding: {umaps: 'umaps.txt'}}", folder: folder.path)
    #expect(read.crowdfunding.umaps?.map(\.hex) == [someKey])
    #expect(read.readFiles == ["\(folder.path)/umaps.txt"])
  }

  @Test("map cells: a bad line is named with its file, and so is a file that cannot be read")
  func badUmaps() throws {
    let path = try folder.write("\(someKey)\n\(someKey.uppercased())\n", to: "umaps.txt")
    #expect(
      errors("{crowdfunding: {umaps: 'umaps.txt'}}", folder: folder.path)
        == ["configuration:1:17: crowdfunding.umaps: \(path) line 2 is not 64 lowercase hex digits"])
    #expect(
      errors("{crowdfunding: {umaps: '/nowhere/umaps'}}") == ["configuration:1:17: crowdfunding.umaps: /nowhere/umaps does not exist"])
    #expect(errors("{crowdfunding: {umaps: '/tmp'}}") == ["configuration:1:17: crowdfunding.umaps: /tmp is not a regular file"])
  }

  @Test("a secret that others may read is told where something is delivered, and only there; it does not stop the judging")
  func secretMode() throws {
    let path = try folder.write("secret", to: "open.key", mode: 0o644)
    func problem(_ text: String) throws -> String? {
      try Configuration.parse(Array(text.utf8), folder: folder.path, environment: [:]).keyFileProblem?.description
    }
    let delivering = "{node: {secretKeyFile: 'open.key'}, delivery: {sink: 'file', file: 'out'}}"
    #expect(errors(delivering, folder: folder.path) == [])
    let expected = "configuration: node.secretKeyFile: \(path) may be read or changed by other users (mode 0644); run chmod 600 on it"
    #expect(try problem(delivering) == expected)
    #expect(try problem("{node: {secretKeyFile: 'open.key'}}") == nil)
    try folder.write("secret", to: "open.key", mode: 0o600)
    #expect(try problem(delivering) == nil)
  }

  static let secretHex = "67dea2ed018072d675f5415ecfaed7d2597555e202d85b3d65ea4e58d2d92ffa"
  static let nsec = "nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5"

  @Test(
    "a secret key is read from hex and from nsec, with or without a line's end",
    arguments: [secretHex, secretHex + "\n", nsec, nsec + "\r\n", nsec.uppercased(), "\u{FEFF}" + nsec, " " + secretHex + " \n\n"])
  func secretKey(_ text: String) throws {
    let secret = try SecretKeyFile.read(try folder.write(text, to: "node.key"))
    #expect(secret.map { String(UInt16($0) + 256, radix: 16).dropFirst() }.joined() == Self.secretHex)
    #expect(try SecretKeyFile.read(try folder.write(text, to: "node.key", mode: 0o400)).count == 32)
  }

  @Test(
    "what is not a key is refused, and the error does not repeat it",
    arguments: [
      "hunter2hunter2", nsec + "\n" + nsec, "N" + nsec.dropFirst(), String(nsec.dropLast()) + "q", secretHex + secretHex, secretHex.uppercased(), "",
    ])
  func notASecretKey(_ text: String) throws {
    let path = try folder.write(text, to: "node.key")
    let error = #expect(throws: SecretKeyFile.Failure.self) { try SecretKeyFile.read(path) }
    #expect(error?.description == "\(path): does not hold a secret key: one line, nsec1… or 64 lowercase hex digits")
  }

  @Test("a secret key that others may read is not read", arguments: [0o640, 0o604, 0o620, 0o777])
  func secretKeyMode(_ mode: Int) throws {
    let path = try folder.write(Self.secretHex, to: "node.key", mode: mode)
    let error = #expect(throws: SecretKeyFile.Failure.self) { try SecretKeyFile.read(path) }
    #expect(error?.message.hasPrefix("may be read or changed by other users") == true)
  }

  @Test("a file over 1 MiB is refused, one under it is read")
  func tooLarge() throws {
    let large = try folder.write("{}" + String(repeating: " ", count: 1 << 20), to: "large.json5")
    let error = #expect(throws: ConfigurationErrors.self) { try ConfigurationFile.load(.file(large), environment: [:]) }
    #expect(error?.description == "\(large): is larger than 1048576 bytes")
    let fitting = try folder.write("{}" + String(repeating: " ", count: (1 << 20) - 2), to: "fitting.json5")
    #expect(try ConfigurationFile.load(.file(fitting), environment: [:]) == .builtIn(environment: [:]))
  }

  @Test("a file that is named and missing is an error; an error of a file names it")
  func missing() throws {
    let absent = "\(folder.path)/absent.json5"
    let missing = #expect(throws: ConfigurationErrors.self) { try ConfigurationFile.load(.file(absent), environment: [:]) }
    #expect(missing?.description == "\(absent): does not exist")
    let wrong = try folder.write("{\nx: 1}", to: "wrong.json5")
    let error = #expect(throws: ConfigurationErrors.self) { try ConfigurationFile.load(.file(wrong), environment: [:]) }
    #expect(error?.description == "\(wrong):2:1: x: unknown key")
  }

  @Test("the places of a file's keys can be asked for afterwards")
  func outline() throws {
    let path = try folder.write("{\n state: { path: '/x' } }", to: "c.json5")
    #expect(ConfigurationFile.outline(.file(path))?.position(of: "state.path") == TextPosition(line: 2, column: 11))
    #expect(ConfigurationFile.outline(.builtIn)?.position(of: "") == nil)
  }

  @Test("--config comes first, then the environment, then the usual place, then the built-in defaults")
  func locate() throws {
    let usual = try folder.write("{}", to: "usual.json5")
    let environment = ["COMMONSGUARD_CONFIG": "/named"]
    #expect(ConfigurationFile.locate(explicit: "/explicit", environment: environment, usualPath: usual) == .file("/explicit"))
    #expect(ConfigurationFile.locate(explicit: nil, environment: environment, usualPath: usual) == .file("/named"))
    #expect(ConfigurationFile.locate(explicit: nil, environment: [:], usualPath: usual) == .file(usual))
    #expect(ConfigurationFile.locate(explicit: nil, environment: [:], usualPath: "\(folder.path)/absent") == .builtIn)
    // What is there and cannot be looked at is no reason to go on without it.
    let loop = "\(folder.path)/loop.json5"
    symlink(loop, loop)
    #expect(ConfigurationFile.locate(explicit: nil, environment: [:], usualPath: loop) == .file(loop))
    let error = #expect(throws: ConfigurationErrors.self) { try ConfigurationFile.load(.file(loop), environment: [:]) }
    #expect(error?.description == "\(loop): open: Too many levels of symbolic links")
  }
}
