// SPDX-License-Identifier: AGPL-3.0-or-later
import FoundationEssentials
import Glibc
import TestSupport

/// What becomes of a state's files.
enum Damage: String, CaseIterable {
  /// 1 to 256 bits of data.mdb are turned.
  case bits
  /// 1 to 4 bytes in the heads of its pages, or in the two pages that it begins with.
  case headers
  /// It is cut anywhere.
  case cut
  /// 1 to 4 whole pages are zero.
  case zeroed
  /// lock.mdb is overwritten, emptied, cut or deleted.
  case lock
  /// One of the others, while the program runs.
  case running

  private static let pageBytes = 4096

  /// Damages the state in the directory. Returns what was done, for the report.
  func inflict(on directory: String, _ random: inout SplitMix64) throws -> String {
    let data = directory + "/data.mdb"
    let bytes = try Self.size(data)
    switch self {
    case .bits:
      let count = 1 << Int.random(in: 0...8, using: &random)
      for _ in 0..<count {
        let bit = UInt8.random(in: 0..<8, using: &random)
        try Self.change(data, at: Int.random(in: 0..<bytes, using: &random)) { $0 ^ 1 << bit }
      }
      return "\(count) bits"
    case .headers:
      let count = Int.random(in: 1...4, using: &random)
      var places: [Int] = []
      for _ in 0..<count {
        let inMeta = Int.random(in: 0..<4, using: &random) == 0
        let page = inMeta ? Int.random(in: 0..<2, using: &random) : Int.random(in: 0..<max(1, bytes / Self.pageBytes), using: &random)
        let place = page * Self.pageBytes + Int.random(in: 0..<(inMeta ? 152 : 32), using: &random)
        let value = UInt8.random(in: 0...255, using: &random)
        try Self.change(data, at: place) { _ in value }
        places.append(place)
      }
      return "bytes at \(places)"
    case .cut:
      let length = Int.random(in: 0..<bytes, using: &random)
      truncate(data, off_t(length))
      return "cut to \(length) of \(bytes)"
    case .zeroed:
      let count = Int.random(in: 1...4, using: &random)
      let pages = (0..<count).map { _ in Int.random(in: 0..<max(1, bytes / Self.pageBytes), using: &random) }
      for page in pages { try Self.write(data, at: page * Self.pageBytes, [UInt8](repeating: 0, count: Self.pageBytes)) }
      return "pages \(pages) zeroed"
    case .lock:
      let lock = directory + "/lock.mdb"
      let length = max(1, try Self.size(lock))
      switch Int.random(in: 0..<4, using: &random) {
      case 0:
        try Self.write(lock, at: 0, (0..<length).map { _ in UInt8.random(in: 0...255, using: &random) })
        return "lock.mdb overwritten"
      case 1:
        truncate(lock, 0)
        return "lock.mdb emptied"
      case 2:
        let cut = Int.random(in: 0..<length, using: &random)
        truncate(lock, off_t(cut))
        return "lock.mdb cut to \(cut)"
      default:
        unlink(lock)
        return "lock.mdb deleted"
      }
    case .running:
      let others = [Damage.bits, .headers, .cut, .zeroed, .lock]
      return try others[Int.random(in: 0..<others.count, using: &random)].inflict(on: directory, &random)
    }
  }

  private static func size(_ path: String) throws -> Int {
    var status = stat()
    guard stat(path, &status) == 0 else { throw LaboratoryFailure("\(path) is not there") }
    return Int(status.st_size)
  }

  private static func write(_ path: String, at offset: Int, _ bytes: [UInt8]) throws {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw LaboratoryFailure("\(path) cannot be written") }
    defer { close(descriptor) }
    guard bytes.withUnsafeBytes({ pwrite(descriptor, $0.baseAddress, $0.count, off_t(offset)) }) == bytes.count else {
      throw LaboratoryFailure("\(path) cannot be written")
    }
  }

  private static func change(_ path: String, at offset: Int, _ body: (UInt8) -> UInt8) throws {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw LaboratoryFailure("\(path) cannot be read") }
    defer { close(descriptor) }
    var byte: UInt8 = 0
    guard pread(descriptor, &byte, 1, off_t(offset)) == 1 else { return }
    try write(path, at: offset, [body(byte)])
  }
}
