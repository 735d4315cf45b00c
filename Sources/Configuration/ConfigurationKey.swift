// SPDX-License-Identifier: AGPL-3.0-or-later
import Policy

/// One setting: everything that reading, checking and documenting it needs.
public struct ConfigurationKey: Sendable {
  /// What values it takes.
  public enum Shape: Sendable {
    case boolean
    /// A whole number in the range.
    case integer(ClosedRange<Int64>)
    /// A number of Ẑ above 0 with at most two places.
    case amount
    /// One of these texts; those under `later` are known, but not available in this version.
    case choice([String], later: [String] = [])
    /// A file or folder; a relative one is taken from the configuration file's folder.
    case path
    /// `npub1…` or 64 lowercase hex digits.
    case publicKey
    case publicKeys
    /// Single addresses, IPv4 or IPv6.
    case addresses
    /// true: all of these texts; false: none; or a list of some.
    case names([String])
    /// A Ğ1 wallet's public key, base58 or SS58.
    case g1Key
    /// A share such as `1/2`: above 0, and below 1 where `proper`.
    case fraction(proper: Bool)
    /// A list of event kinds.
    case kinds
    /// A POSIX extended regular expression.
    case pattern
    /// A list of `payee=zapper`, each `npub1…` or 64 lowercase hex digits.
    case zappers
    /// A command's argument vector, run without a shell.
    case command
    /// Something that this version only compares with the default, in words for the reference.
    case other(String)
  }

  /// Whether this version does what the setting asks.
  public enum Availability: Sendable, Equatable {
    case built
    /// Known, and refused unless at its default; the word says with which work it comes.
    case later(String)
  }

  /// From the top, with dots: `state.mapSizeMiB`.
  public let path: String
  public let shape: Shape
  public let defaultValue: JSONValue
  /// `null` says "not set" and is allowed.
  public let isNullable: Bool
  /// One line, without a full stop.
  public let summary: String
  public let availability: Availability

  init(
    _ path: String, _ shape: Shape, _ defaultValue: JSONValue, nullable: Bool = false, _ summary: String, _ availability: Availability = .built
  ) {
    self.path = path
    self.shape = shape
    self.defaultValue = defaultValue
    isNullable = nullable || defaultValue == .null
    self.summary = summary
    self.availability = availability
  }

  /// The values that it takes, in words.
  public var valuesText: String {
    let text =
      switch shape {
      case .boolean: "true or false"
      case .integer(let range): "a whole number from \(range.lowerBound) to \(range.upperBound)"
      case .amount: "a number of Ẑ above 0 with at most two places"
      case .choice(let values, _): Self.list(values.map { "\"\($0)\"" })
      case .path: "a path"
      case .publicKey: "npub1… or 64 lowercase hex digits"
      case .publicKeys: "a list of npub1… or 64 lowercase hex digits"
      case .addresses: "a list of single addresses, IPv4 or IPv6"
      case .names(let names): "true, false, or a list of some of \(names.map { "\"\($0)\"" }.joined(separator: ", "))"
      case .g1Key: "a Ğ1 public key (base58 or SS58)"
      case .fraction(let proper): proper ? "a fraction above 0 and below 1, such as \"1/2\"" : "a fraction above 0 and at most 1, such as \"2/100\""
      case .kinds: "a list of kinds from 0 to 65535"
      case .pattern: "a POSIX extended regular expression"
      case .zappers: "a list of \"payee=zapper\", each npub1… or 64 lowercase hex digits"
      case .command: "a list of texts: a program and its arguments"
      case .other(let words): words
      }
    return isNullable ? "\(text), or null" : text
  }

  private static func list(_ words: [String]) -> String {
    guard words.count > 1, let last = words.last else { return words.first ?? "" }
    return "\(words.dropLast().joined(separator: ", ")) or \(last)"
  }
}
