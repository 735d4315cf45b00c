// SPDX-License-Identifier: AGPL-3.0-or-later

/// Why an event is not verified.
public enum EventVerificationError: Error, Hashable, Sendable, CustomStringConvertible {
  case badID
  case badSignature
  case parse(EventParseError)

  public var description: String {
    switch self {
    case .badID: "id is not the hash of the event"
    case .badSignature: "signature does not verify"
    case .parse(let error): error.description
    }
  }
}
