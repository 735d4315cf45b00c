// SPDX-License-Identifier: AGPL-3.0-or-later
import FoundationEssentials
import Glibc

/// Small files, read and written whole.
enum TextFile {
  static func bytes(_ path: String) throws -> [UInt8] {
    guard let data = FileManager.default.contents(atPath: path) else { throw LaboratoryFailure("\(path) cannot be read") }
    return Array(data)
  }

  /// - Returns: the path again.
  @discardableResult
  static func makeDirectory(_ path: String) throws -> String {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  static func absolute(_ path: String) throws -> String {
    guard let resolved = realpath(path, nil) else { throw LaboratoryFailure("\(path) is not there") }
    defer { free(resolved) }
    return String(cString: resolved)
  }

  /// The lines of a file, without their newlines; a last one without a newline counts.
  static func lines(_ path: String) throws -> [[UInt8]] { try bytes(path).split(separator: 0x0a).map(Array.init) }

  /// - Parameter mode: the permissions of the new file.
  static func write(_ text: String, to path: String, mode: mode_t = 0o644) throws {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw LaboratoryFailure("\(path) cannot be written") }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    guard bytes.withUnsafeBytes({ Glibc.write(descriptor, $0.baseAddress, $0.count) }) == bytes.count else {
      throw LaboratoryFailure("\(path) cannot be written")
    }
  }
}

/// A directory of its own under TMPDIR, gone when it is released.
final class TemporaryDirectory {
  let path: String

  init() throws {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(parent)/commonsguard-laboratory-XXXXXX".utf8CString)
    guard template.withUnsafeMutableBufferPointer({ $0.baseAddress.flatMap { mkdtemp($0) } }) != nil else {
      throw LaboratoryFailure("a temporary directory cannot be made in \(parent)")
    }
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }
}
