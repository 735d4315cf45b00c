// SPDX-License-Identifier: AGPL-3.0-or-later
import TestSupport

/// The people of the demo: fixed test keys, so that the stream is the same byte for byte wherever it is made.
enum DemoCast {
  static let captain = TestKey("demo captain")
  /// The funded property has a key of its own.
  static let garden = TestKey("demo garden")
  static let workshop = TestKey("demo workshop")
  /// The key of the map cell.
  static let cell = TestKey("demo cell")
  /// The node that signs receipts.
  static let node = TestKey("demo node")
  static let alice = TestKey("demo alice")
  static let bob = TestKey("demo bob")
  static let carol = TestKey("demo carol")
  static let dave = TestKey("demo dave")
  static let mallory = TestKey("demo mallory")
  static let voters = (1...12).map { TestKey("demo voter \($0)") }

  /// What to call a key; nil for strangers.
  static func name(ofKey hex: String) -> String? { names[hex] }

  private static let names = Dictionary(
    uniqueKeysWithValues: ([captain, garden, workshop, cell, node, alice, bob, carol, dave, mallory] + voters).map { key in
      (key.hex, String(key.name.dropFirst("demo ".count)))
    })
}
