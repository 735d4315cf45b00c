// SPDX-License-Identifier: AGPL-3.0-or-later

/// One thing that is wrong with a configuration: what, under which key, and where it stands.
///
/// Its text never holds a secret: the content of `node.secretKeyFile` is not read here.
public struct ConfigurationError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The file's path, as it was given; nil for text that came from elsewhere.
  public var file: String?
  /// Where the key stands; nil when the file does not hold it.
  public let position: TextPosition?
  /// The key's path, such as `delivery.sink`; nil when the file as a whole is wrong.
  public let key: String?
  /// What is wrong and what would be right, without a full stop.
  public let message: String

  public init(file: String? = nil, position: TextPosition? = nil, key: String? = nil, message: String) {
    self.file = file
    self.position = position
    self.key = key.map(Self.withoutSecrets)
    self.message = Self.withoutSecrets(message)
  }

  /// A secret key that was written in the wrong place, as the name of a key even, is not repeated.
  private static func withoutSecrets(_ text: String) -> String {
    var shown = ""
    var rest = text[...]
    while let start = rest.indices.first(where: { rest[$0...].prefix(5).lowercased() == "nsec1" }) {
      let word = rest[start...].prefix { $0.isLetter || $0.isNumber }
      // The five letters alone are what the word for it begins with.
      shown += rest[..<start] + (word.count > 5 ? "nsec1…" : word)
      rest = rest[word.endIndex...]
    }
    return shown + rest
  }

  /// `config.json5:12:5: delivery.sink: must be …`, the form that editors can follow.
  public var description: String {
    var place = file ?? "configuration"
    if let position { place += ":\(position.line):\(position.column)" }
    return [place, key, message].compactMap { $0 }.joined(separator: ": ")
  }
}

/// Everything that is wrong with one configuration; never empty.
public struct ConfigurationErrors: Error, Sendable, Equatable, CustomStringConvertible {
  /// In the order of the file; those without a place first.
  public let errors: [ConfigurationError]

  public init(_ errors: [ConfigurationError]) {
    self.errors = errors.sorted { left, right in
      switch (left.position, right.position) {
      case (nil, nil): (left.key ?? "", left.message) < (right.key ?? "", right.message)
      case (nil, _): true
      case (_, nil): false
      case (let left?, let right?): left < right
      }
    }
  }

  /// One line for each error.
  public var description: String { errors.map(\.description).joined(separator: "\n") }
}
