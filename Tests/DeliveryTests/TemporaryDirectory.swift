// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation

/// A directory that goes with the test.
final class TemporaryDirectory: Sendable {
  let path: String

  init() throws {
    var template = Array("\(NSTemporaryDirectory())/commonsguard-delivery-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else { throw CocoaError(.fileWriteUnknown) }
    path = String(cString: made)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { path + "/" + name }

  func text(_ name: String) -> String { FileManager.default.contents(atPath: file(name)).map { String(decoding: $0, as: UTF8.self) } ?? "" }

  /// The number that a command wrote; nil while it did not.
  func processID(_ name: String) -> pid_t? { pid_t(text(name).trimmingCharacters(in: .whitespacesAndNewlines)) }

  func lines(_ name: String) -> [String] { text(name).split(separator: "\n").map(String.init) }
}
