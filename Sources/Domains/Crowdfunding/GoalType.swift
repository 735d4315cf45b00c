// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// What a goal collects (C7). The raw value is stored: never renumber.
public enum GoalType: UInt8, CaseIterable, Sendable {
  /// Ẑ that can be converted to €, into ASSETS.
  case zenConvertible = 1
  /// Ẑ given to the commons, into CAPITAL.
  case zenCommons = 2
  /// Ğ1, into UPLANETNAME_G1.
  case g1 = 3

  public init?(_ text: Text) {
    if text == "ZEN_CONVERTIBLE" {
      self = .zenConvertible
    } else if text == "ZEN_COMMONS" {
      self = .zenCommons
    } else if text == "G1" {
      self = .g1
    } else {
      return nil
    }
  }

  /// As written in tags and in JSON.
  public var name: String {
    switch self {
    case .zenConvertible: "ZEN_CONVERTIBLE"
    case .zenCommons: "ZEN_COMMONS"
    case .g1: "G1"
    }
  }

  /// The wallet that it fills, as written in `wallet` tags.
  public var walletName: String {
    switch self {
    case .zenConvertible: "ASSETS"
    case .zenCommons: "CAPITAL"
    case .g1: "G1"
    }
  }

  /// What one unit of the goal's currency is worth, in hundredths of a Ẑ.
  public var hundredthsPerUnit: UInt64 { self == .g1 ? 1000 : 100 }
}
