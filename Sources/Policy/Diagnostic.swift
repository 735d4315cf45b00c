// SPDX-License-Identifier: AGPL-3.0-or-later

/// Something that the operator may want to know. Libraries hand diagnostics to a closure, `@Sendable (Diagnostic) -> Void`; only the program prints.
///
/// A diagnostic never holds the content of an event or a secret: ids, keys, kinds, counts and error texts only.
public struct Diagnostic: Sendable, Equatable {
  /// How much it matters; the raw value is the configuration's `log.level`.
  public enum Level: String, CaseIterable, Sendable, Comparable {
    case debug, info, warning, error

    private var rank: Int {
      switch self {
      case .debug: 0
      case .info: 1
      case .warning: 2
      case .error: 3
      }
    }

    public static func < (left: Level, right: Level) -> Bool { left.rank < right.rank }
  }

  /// What a field holds.
  public enum Value: Sendable, Equatable {
    case string(String)
    case integer(Int64)
  }

  /// One named detail, for machines.
  public struct Field: Sendable, Equatable {
    /// camelCase, units last: `waitMilliseconds`.
    public let name: String
    public let value: Value

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = .string(value)
    }

    /// A number beyond `Int64` is shown as text, never cut.
    public init(_ name: String, _ value: some BinaryInteger) {
      self.name = name
      self.value = Int64(exactly: value).map(Value.integer) ?? .string("\(value)")
    }
  }

  public let level: Level
  /// A stable name for machines, `<part>.<what>`: `plugin.started`, `delivery.failed`. Renaming one breaks somebody's alert.
  public let name: String
  /// A sentence for people.
  public let message: String
  public let fields: [Field]

  public init(_ level: Level, _ name: String, _ message: String, fields: [Field] = []) {
    self.level = level
    self.name = name
    self.message = message
    self.fields = fields
  }
}
