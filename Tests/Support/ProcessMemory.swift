// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// What a core dump of a process would hold: its private writable memory, without the areas that are left out of dumps. Source: proc(5), core(5).
public struct ProcessMemory {
  /// One mapping, as /proc/PID/smaps shows it.
  public struct Area: Sendable {
    public let range: Range<UInt>
    /// Such as `rw-p`.
    public let permissions: Substring
    /// Such as `dd` (not dumped), `lo` (locked), `wf` (wiped on fork).
    public let flags: Set<Substring>
  }

  private static let pieceBytes = 1 << 20

  public let areas: [Area]
  private let memory: Int32
  /// Left out of dumps, and so of the search: who looks into his own memory must not find what he looks with.
  private let piece: UnsafeMutableRawPointer

  /// Of this process, or one that it started. Nil when the kernel does not let it look.
  public init?(of process: pid_t = getpid()) {
    guard let piece = mmap(nil, Self.pieceBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
      madvise(piece, Self.pieceBytes, Int32(MADV_DONTDUMP)) == 0
    else { return nil }
    self.piece = piece
    memory = open("/proc/\(process)/mem", O_RDONLY | O_CLOEXEC)
    guard memory >= 0, let file = fopen("/proc/\(process)/smaps", "r") else { return nil }
    defer { fclose(file) }
    var areas: [Area] = []
    var begun: (range: Range<UInt>, permissions: Substring)?
    var line: UnsafeMutablePointer<CChar>?
    var capacity = 0
    while getline(&line, &capacity, file) > 0 {
      guard let line else { break }
      let words = String(cString: line).split(whereSeparator: \.isWhitespace)
      let bounds = words.first?.split(separator: "-").compactMap { UInt($0, radix: 16) } ?? []
      if bounds.count == 2, words.count > 1 {
        begun = (bounds[0]..<bounds[1], words[1])
      } else if words.first == "VmFlags:", let area = begun {
        areas.append(Area(range: area.range, permissions: area.permissions, flags: Set(words.dropFirst())))
      }
    }
    free(line)
    self.areas = areas
  }

  public func close() {
    Glibc.close(memory)
    munmap(piece, Self.pieceBytes)
  }

  public func area(at address: UInt) -> Area? { areas.first { $0.range.contains(address) } }

  /// How often the bytes stand in what would be dumped, once each of them is combined with `mask`: who looks into his own memory gives them so.
  public func count(of masked: [UInt8], mask: UInt8 = 0) -> Int {
    let wide = UInt64(mask) &* 0x0101_0101_0101_0101
    let words = piece.bindMemory(to: UInt64.self, capacity: Self.pieceBytes / 8)
    var count = 0
    for area in areas where area.permissions.hasPrefix("rw") && area.permissions.hasSuffix("p") && !area.flags.contains("dd") {
      var position = area.range.lowerBound
      while position < area.range.upperBound {
        let got = pread(memory, piece, min(Self.pieceBytes, Int(area.range.upperBound - position)), off_t(position))
        guard got > 0 else { break }
        if mask != 0 { for index in 0..<(got / 8) { words[index] ^= wide } }
        var from = 0
        while let found = memchr(piece + from, Int32(masked[0]), got - from) {
          from = UnsafeRawPointer(found) - UnsafeRawPointer(piece)
          if got - from >= masked.count, memcmp(found, masked, masked.count) == 0 { count += 1 }
          from += 1
        }
        // What crosses two pieces is seen in the next one.
        if got <= masked.count { break }
        position += UInt(got == Self.pieceBytes ? got - masked.count : got)
      }
    }
    return count
  }
}
