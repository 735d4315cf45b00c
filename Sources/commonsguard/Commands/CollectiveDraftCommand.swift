// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Configuration
import Cryptography
import FoundationEssentials
import Nostr
import Policy
import StateStore

/// `collective draft`: prints the author's next update, unsigned or signed. Nothing is published and nothing is written.
enum CollectiveDraftCommand {
  /// More than a relay would take in one event.
  private static let maxBytes = 4 << 20

  static func run(_ installation: Installation, _ store: StateStore, _ id: EventID, _ options: Arguments.CollectiveDraftOptions) throws {
    let key = try options.keyFile.map(signingKey)
    var order = CollectiveDraft.Order(collective: id, createdAt: options.createdAt ?? UInt64(max(0, Date().timeIntervalSince1970)))
    order.author = options.author ?? key.map { PublicKey($0.publicKey) }
    order.isMember = options.isMember
    order.block = options.block
    order.evidence = try options.evidence.flatMap(events)
    let event: UnsignedEvent
    do {
      event = try store.read { try CollectiveDraft.make(order, installation.configuration.collectives, reading: $0) }
    } catch let failure as CollectiveDraft.Failure {
      throw Failure(.failed, failure.description)
    }
    guard let key else { return Console.print(json: event.json) }
    let signed: [UInt8]
    do { signed = try event.signed(by: key) } catch { throw Failure(.failed, "the draft cannot be signed: \(error)") }
    Console.print(json: signed)
    try check(signed, event.createdAt, installation, store)
  }

  /// A signed draft is judged as this relay would judge it now.
  private static func check(_ raw: [UInt8], _ createdAt: UInt64, _ installation: Installation, _ store: StateStore) throws {
    let explanation = try installation.judge(store).explain(raw: raw, in: Circumstances(receivedAt: createdAt, source: .ip4))
    if case .reject(let rejection) = explanation.decision { throw Failure(.failed, "this relay would refuse it: \(rejection.message)") }
  }

  private static func signingKey(_ path: String) throws -> SigningKey {
    do {
      var secret = try SecretKeyFile.read(path)
      defer { secret.wipe() }
      return try SigningKey(secret: secret)
    } catch {
      throw Failure(.configuration, "\(error)")
    }
  }

  /// The events of a file, one on each line.
  private static func events(_ path: String) throws -> [[UInt8]] {
    guard let data = FileManager.default.contents(atPath: path) else { throw Failure(.failed, "\(path) cannot be read") }
    guard data.count <= maxBytes else { throw Failure(.failed, "\(path) is larger than \(maxBytes) bytes") }
    let lines = data.split(separator: UInt8(ascii: "\n")).map { line in
      line.drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }.reversed().drop { $0 == 0x20 || $0 == 0x09 || $0 == 0x0d }.reversed().map { $0 }
    }
    let events = lines.filter { !$0.isEmpty }
    if events.isEmpty { throw Failure(.failed, "\(path) holds no event") }
    return events
  }
}
