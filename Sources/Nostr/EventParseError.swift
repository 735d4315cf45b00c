// SPDX-License-Identifier: AGPL-3.0-or-later

/// Why bytes are no event, or no request. The description is a few plain words, fit for the `msg` of an answer.
public enum EventParseError: Error, Hashable, Sendable, CaseIterable {
  // JSON
  case notJSON, notUTF8, controlCharacter, badEscape, loneSurrogate, tooDeep, duplicateKey, tooManyKeys, trailingBytes, tooLong
  // the event
  case eventNotObject, missingID, badID, missingPubkey, badPubkey, missingSignature, badSignatureShape
  case missingCreatedAt, badCreatedAt, missingKind, badKind, missingContent, badContent, missingTags, badTags, badTag, badTagElement
  // the request around it
  case lineNotObject, missingEvent, badType, badReceivedAt, badSourceType, badSourceInfo, badAuthed
}

extension EventParseError: CustomStringConvertible {
  public var description: String { reason.description }

  /// As `description`, without a String.
  public var reason: StaticString {
    switch self {
    case .notJSON: "line is not JSON"
    case .notUTF8: "not valid UTF-8"
    case .controlCharacter: "raw control character in a string"
    case .badEscape: "unknown escape in a string"
    case .loneSurrogate: "lone surrogate"
    case .tooDeep: "nested too deeply"
    case .duplicateKey: "duplicate key"
    case .tooManyKeys: "too many keys in an object"
    case .trailingBytes: "more than one JSON value"
    case .tooLong: "event is too long"
    case .eventNotObject: "event is not an object"
    case .missingID: "id is missing"
    case .badID: "id is not 64 lowercase hex digits"
    case .missingPubkey: "pubkey is missing"
    case .badPubkey: "pubkey is not 64 lowercase hex digits"
    case .missingSignature: "sig is missing"
    case .badSignatureShape: "sig is not 128 lowercase hex digits"
    case .missingCreatedAt: "created_at is missing"
    case .badCreatedAt: "created_at is not an integer"
    case .missingKind: "kind is missing"
    case .badKind: "kind is not an integer"
    case .missingContent: "content is missing"
    case .badContent: "content is not a string"
    case .missingTags: "tags is missing"
    case .badTags: "tags is not an array"
    case .badTag: "a tag is not an array"
    case .badTagElement: "the first two elements of a tag must be strings"
    case .lineNotObject: "line is not an object"
    case .missingEvent: "event is missing"
    case .badType: "type must be a string"
    case .badReceivedAt: "receivedAt is not an integer"
    case .badSourceType: "sourceType must be a string"
    case .badSourceInfo: "sourceInfo must be a string"
    case .badAuthed: "authed must be a string"
    }
  }
}
