// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Glibc

/// Bitcoin's block headers, from a file that somebody else writes: 80 bytes for each block, block 0 first.
///
/// The file is trusted and only read; where it is absent or too short, or a stretch of it was never written, a header is unknown.
public struct BitcoinHeaders: Sendable, Equatable {
  public struct Header: Sendable, Equatable {
    /// Double SHA-256 of the header, most significant byte first, as block explorers and `bitcoin` tags write it.
    public let blockHash: Bytes32
    /// As it lies in the header.
    public let merkleRoot: Bytes32
    /// Unix seconds.
    public let time: UInt32

    /// - Parameter bytes: the 80 bytes of a header; nil for another length, and where all are 0.
    public init?(_ bytes: [UInt8]) {
      guard bytes.count == BitcoinHeaders.headerBytes, bytes.contains(where: { $0 != 0 }), let root = Bytes32(bytes[36..<68]),
        let hash = Bytes32(SHA256.digest(of: SHA256.digest(of: bytes).bytes).bytes.reversed())
      else { return nil }
      blockHash = hash
      merkleRoot = root
      time = bytes[68..<72].reversed().reduce(0) { $0 << 8 | UInt32($1) }
    }
  }

  static let headerBytes = 80
  private let path: String?

  /// - Parameter path: nil: no header is known.
  public init(path: String?) { self.path = path }

  /// How many headers the file holds.
  public var count: UInt32 {
    var facts = stat()
    guard let path, stat(path, &facts) == 0, facts.st_size > 0 else { return 0 }
    return UInt32(clamping: facts.st_size / Self.headerBytes)
  }

  /// nil when it is not known.
  public func header(at height: UInt32) -> Header? {
    guard let path else { return nil }
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: Self.headerBytes)
    let count = bytes.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, $0.count, off_t(height) * off_t(Self.headerBytes)) }
    return count == Self.headerBytes ? Header(bytes) : nil
  }
}
