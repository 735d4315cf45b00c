// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// One address of a host, IPv4 or IPv6; an IPv4 address within IPv6 (`::ffff:203.0.113.7`) is the IPv4 address.
public struct NetworkAddress: Hashable, Sendable, CustomStringConvertible {
  /// 4 or 16.
  private let bytes: [UInt8]

  /// Parses an address as people and strfry write it. nil for a range, a name, or anything with a zone or a port.
  public init?(_ text: String) {
    // inet_pton reads up to a zero byte.
    guard text.utf8.count < 64, !text.utf8.contains(0) else { return nil }
    var four = in_addr()
    if inet_pton(AF_INET, text, &four) == 1 {
      bytes = withUnsafeBytes(of: four) { Array($0) }
      return
    }
    var six = in6_addr()
    guard inet_pton(AF_INET6, text, &six) == 1 else { return nil }
    let sixteen = withUnsafeBytes(of: six) { Array($0) }
    bytes = sixteen.starts(with: Self.mapped) ? Array(sixteen.dropFirst(Self.mapped.count)) : sixteen
  }

  private static let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

  /// Loopback, private or link-local, or no host's at all: RFC 1122, 1918, 3927, 6598; RFC 4291, 4193.
  public var isPrivate: Bool {
    if bytes.count == 4 {
      return switch (bytes[0], bytes[1]) {
      case (0, _), (10, _), (127, _), (169, 254), (192, 168), (100, 64...127), (172, 16...31): true
      default: false
      }
    }
    if bytes.dropLast().allSatisfy({ $0 == 0 }) { return bytes[15] <= 1 }
    return bytes[0] & 0xfe == 0xfc || bytes[0] == 0xfe && bytes[1] & 0xc0 == 0x80
  }

  public var description: String {
    var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
    let family = bytes.count == 4 ? AF_INET : AF_INET6
    guard inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return "?" }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
