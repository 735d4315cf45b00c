// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// Bitcoin's block headers in a file that somebody else writes: 80 bytes for each block, block 0 first.
///
/// The file is trusted and only read; where it is absent or too short, or a stretch of it was never written, a header is unknown.
public struct BlockHeaderFile: Sendable, Equatable {
  public static let headerBytes = 80
  private let path: String

  public init(path: String) { self.path = path }

  /// The 80 bytes of a block's header; nil when it is not known.
  public func header(at height: UInt32) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: Self.headerBytes)
    let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, off_t(height) * off_t(Self.headerBytes)) }
    return count == Self.headerBytes && bytes.contains { $0 != 0 } ? bytes : nil
  }
}
