// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// Keys of one length in the order of their bytes, however many: sorted in pieces that fit into memory, which are kept in a file and walked together.
///
/// Filled with `add`, closed by `finish`, and only then read.
final class SortedKeys {
  private let length: Int
  /// What is sorted at once: little at first, so that small inputs cost little, then twice as much each time.
  private var pieceBytes = 64 << 10
  private static let maxPieceBytes = 8 << 20
  private let file: ScratchFile
  /// Not yet sorted.
  private var piece: [UInt8] = []
  /// Where the sorted pieces lie in the file.
  private var runs: [Range<Int>] = []
  private var bytes = UnsafeRawBufferPointer(start: nil, count: 0)

  private(set) var count = 0

  /// - Parameters:
  ///   - length: of each key, in bytes.
  ///   - folder: where the file goes; it has no name there, and is gone with this object.
  init(length: Int, in folder: String) throws {
    self.length = length
    file = try ScratchFile(in: folder)
  }

  deinit {
    if let address = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: address), bytes.count) }
  }

  /// Adds a key of the right length.
  func add(_ key: [UInt8]) throws {
    piece += key
    count += 1
    if piece.count + length > pieceBytes { try writePiece() }
  }

  /// Ends the filling.
  func finish() throws {
    try writePiece()
    piece = []
    guard file.count > 0 else { return }
    bytes = try file.mapped()
  }

  private func writePiece() throws {
    guard !piece.isEmpty else { return }
    let begin = file.count
    let sorted = piece.withUnsafeBytes { piece in
      var offsets = Array(stride(from: 0, to: piece.count, by: length))
      offsets.sort { Self.compare(piece, $0, piece, $1, length) < 0 }
      return offsets.flatMap { piece[$0..<$0 + length] }
    }
    try file.append(sorted)
    runs.append(begin..<file.count)
    piece.removeAll(keepingCapacity: true)
    pieceBytes = min(2 * pieceBytes, Self.maxPieceBytes)
  }

  /// Visits every key in order; equal ones one after the other.
  func visit(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    var heads = runs
    while true {
      var least: Int?
      for index in heads.indices where !heads[index].isEmpty {
        guard let other = least else {
          least = index
          continue
        }
        if Self.compare(bytes, heads[index].lowerBound, bytes, heads[other].lowerBound, length) < 0 { least = index }
      }
      guard let least else { return }
      let begin = heads[least].lowerBound
      try body(UnsafeRawBufferPointer(rebasing: bytes[begin..<begin + length]))
      heads[least] = begin + length..<heads[least].upperBound
    }
  }

  func contains(_ key: [UInt8]) -> Bool {
    key.withUnsafeBytes { key in
      runs.contains { run in
        var (low, high) = (0, run.count / length)
        while low < high {
          let middle = (low + high) / 2
          let order = Self.compare(bytes, run.lowerBound + middle * length, key, 0, length)
          if order == 0 { return true }
          if order < 0 { low = middle + 1 } else { high = middle }
        }
        return false
      }
    }
  }

  private static func compare(
    _ left: UnsafeRawBufferPointer, _ leftOffset: Int, _ right: UnsafeRawBufferPointer, _ rightOffset: Int, _ length: Int
  ) -> Int32 {
    guard let left = left.baseAddress, let right = right.baseAddress else { return 0 }
    return memcmp(left + leftOffset, right + rightOffset, length)
  }
}
