// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography

/// Why an event of ours cannot be made.
public enum UnsignedEventError: Error, Equatable, Sendable, CustomStringConvertible {
  case controlCharacter
  case foreignKey
  case signing(CryptographyError)

  public var description: String {
    switch self {
    case .controlCharacter: "a control character in the text of an event"
    case .foreignKey: "the key is not the author's"
    case .signing(let error): error.description
    }
  }
}
