// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import LMDB
import Nostr
import Policy

@testable import StateStore

/// A state that is removed when the test ends.
final class TemporaryState: Sendable {
  let root: String
  var path: String { root + "/state" }

  init() throws {
    root = FileManager.default.temporaryDirectory.appendingPathComponent("state-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  func open(mapSizeMiB: Int = 64, schema: Schema = .current, faultInjection: (@Sendable (FaultPoint) -> Int32)? = nil) throws -> StateStore {
    try openState(path, mapSizeMiB: mapSizeMiB, schema: schema, faultInjection: faultInjection)
  }
}

/// A free function, so that the child process of an exit test can use it.
func openState(
  _ path: String, mapSizeMiB: Int = 64, isReadOnly: Bool = false, schema: Schema = .current,
  faultInjection: (@Sendable (FaultPoint) -> Int32)? = nil
) throws -> StateStore {
  let options = StoreOptions(
    directory: path, tables: [rows, others], mapSizeMiB: mapSizeMiB, durability: .relaxed, isReadOnly: isReadOnly, faultInjection: faultInjection)
  return try StateStore(options, schema: schema)
}

let rows = Table(.crowdfunding, 0, "rows")
let others = Table(.groups, 15, "others")

func bytes(_ text: String) -> [UInt8] { [UInt8](text.utf8) }

/// An id that is a number.
func id(_ number: Int) -> EventID { EventID(hex: hex(number))! }
func pubkey(_ number: Int) -> PublicKey { PublicKey(hex: hex(number))! }

private func hex(_ number: Int) -> String {
  let digits = String(number, radix: 16)
  return String(repeating: "0", count: 64 - digits.count) + digits
}

/// A follow-up whose event is only its id.
func followUp(_ number: Int, subject: String = "CF-1") -> FollowUp {
  .event(
    FollowUpEvent(
      name: .decisionLabel, subject: bytes(subject), trigger: id(1_000_000 + number),
      body: .signed(raw: bytes("{\"row\":\(number)}"), id: id(number), kind: 1985)))
}

func deferred(_ subject: String, trigger: Int = 1, receivedAt: UInt64, dueAt: UInt64) -> DeferredFollowUp {
  DeferredFollowUp(
    domain: .crowdfunding, name: .campaignSnapshot, subject: bytes(subject), trigger: id(trigger), receivedAt: receivedAt, dueAt: dueAt)
}

func parked(
  _ number: Int, by author: Int = 1, createdAt: UInt64 = 1_600_000_000, receivedAt: UInt64 = 1_700_000_000, size: Int = 10
) -> ParkedEvent {
  ParkedEvent(
    id: id(number), pubkey: pubkey(author), createdAt: createdAt, raw: [UInt8](repeating: 0x20, count: size), receivedAt: receivedAt, source: .stream,
    sourceInfo: "wss://relay.example")
}

extension Dependency {
  static func test(_ name: String) -> Dependency { Dependency(.collectives, bytes(name)) }
}

struct Stop: Error {}
