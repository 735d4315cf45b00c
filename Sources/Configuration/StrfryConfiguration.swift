// SPDX-License-Identifier: AGPL-3.0-or-later

/// What this program reads of a strfry.conf: the values of its keys, as texts. strfry ignores keys that it does not know; so does this.
///
/// The form is that of taocpp's config: `section { key = value }`, with `#`, `//` and `/* */` for comments.
public struct StrfryConfiguration {
  /// By path: `events.maxEventSize`.
  private var values: [String: String] = [:]

  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  /// Reads a file of at most 1 MiB.
  public init(path: String) throws(Failure) {
    do {
      self.init(try BoundedFile.read(path, maxBytes: 1 << 20))
    } catch {
      throw Failure(description: "\(path) \(error.message)")
    }
  }

  /// What cannot be made out is passed over.
  init(_ bytes: [UInt8]) {
    var tokens = Tokens(bytes)
    var sections: [String] = []
    var name: String?
    var isValue = false
    while let token = tokens.next() {
      switch token {
      case .open:
        sections.append(name ?? "")
        (name, isValue) = (nil, false)
      case .close:
        _ = sections.popLast()
        (name, isValue) = (nil, false)
      case .equals: isValue = name != nil
      case .text(let text):
        if isValue, let key = name {
          values[(sections + [key]).joined(separator: ".")] = text
          (name, isValue) = (nil, false)
        } else {
          name = text
        }
      }
    }
  }

  /// The longest event that strfry stores, in bytes; nil when the file does not say.
  public var maxEventSize: Int? { values["events.maxEventSize"].flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil } }
}

private struct Tokens {
  enum Token {
    case open, close, equals
    case text(String)
  }

  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func next() -> Token? {
    skip()
    guard position < bytes.count else { return nil }
    let byte = bytes[position]
    switch byte {
    case UInt8(ascii: "{"), UInt8(ascii: "["): return single(.open)
    case UInt8(ascii: "}"), UInt8(ascii: "]"): return single(.close)
    case UInt8(ascii: "="), UInt8(ascii: ":"): return single(.equals)
    case UInt8(ascii: "\""), UInt8(ascii: "'"):
      let start = position + 1
      position = start
      while position < bytes.count, bytes[position] != byte { position += bytes[position] == UInt8(ascii: "\\") ? 2 : 1 }
      let end = min(position, bytes.count)
      position = end + 1
      return .text(String(decoding: bytes[start..<end], as: UTF8.self))
    default:
      let start = position
      while position < bytes.count, !Self.ends(bytes[position]) { position += 1 }
      // Nothing that a word may hold: it is passed over.
      if position == start { position += 1 }
      return .text(String(decoding: bytes[start..<position], as: UTF8.self))
    }
  }

  private mutating func single(_ token: Token) -> Token {
    position += 1
    return token
  }

  private static func ends(_ byte: UInt8) -> Bool { byte <= 0x20 || "{}[]=:\"'#,".utf8.contains(byte) }

  /// Goes past white space, commas and comments.
  private mutating func skip() {
    while position < bytes.count {
      if bytes[position] <= 0x20 || bytes[position] == UInt8(ascii: ",") {
        position += 1
      } else if bytes[position] == UInt8(ascii: "#") || bytes[position...].starts(with: "//".utf8) {
        while position < bytes.count, bytes[position] != 0x0a { position += 1 }
      } else if bytes[position...].starts(with: "/*".utf8) {
        position += 2
        while position < bytes.count, !bytes[position...].starts(with: "*/".utf8) { position += 1 }
        position = min(position + 2, bytes.count)
      } else {
        return
      }
    }
  }
}
