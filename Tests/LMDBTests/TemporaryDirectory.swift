// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import LMDB

/// A directory that is removed when the test ends, and what tests do with environments in it.
final class TemporaryDirectory: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("lmdb-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func open(
    initialMapBytes: Int = 1 << 20, mapLimitBytes: Int = 64 << 20, durability: Environment.Options.Durability = .relaxed,
    faultInjection: (@Sendable (FaultPoint) -> Int32)? = nil
  ) throws -> Environment {
    try openEnvironment(
      path, initialMapBytes: initialMapBytes, mapLimitBytes: mapLimitBytes, durability: durability, faultInjection: faultInjection)
  }
}

/// A free function, so that the child process of an exit test can use it.
func openEnvironment(
  _ path: String, initialMapBytes: Int = 1 << 20, mapLimitBytes: Int = 64 << 20, durability: Environment.Options.Durability = .relaxed,
  faultInjection: (@Sendable (FaultPoint) -> Int32)? = nil
) throws -> Environment {
  let options = Environment.Options(
    initialMapBytes: initialMapBytes, mapLimitBytes: mapLimitBytes, durability: durability, faultInjection: faultInjection)
  return try Environment(directory: path, options: options)
}

func bytes(_ text: String) -> [UInt8] { [UInt8](text.utf8) }

/// An eight-byte key that sorts as the number does.
func key(_ number: Int) -> [UInt8] { withUnsafeBytes(of: UInt64(number).bigEndian) { [UInt8]($0) } }

struct Stop: Error {}
