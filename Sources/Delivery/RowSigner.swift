// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import StateStore

/// Gives outbox rows their signatures. The secret key is read when the first row of a batch needs it, by the worker only, and is wiped behind
/// the last one: nothing waits for a sink with a key in memory.
final class RowSigner {
  enum Result {
    case signed(SignedRow)
    /// Only the operator can help.
    case held(String)
    /// Worth another try.
    case failed(String)
  }

  private let nodeKey: PublicKey?
  private let readKey: () throws -> SigningKey?
  /// A seam for tests: what makes the signature.
  var signature: (UnsignedEvent, SigningKey) throws -> [UInt8] = { event, key in try event.signed(by: key) }
  private var key: SigningKey?
  /// Why there is no key; asked again in the next pass.
  private var refusal: String?

  /// - Parameter readKey: reads `node.secretKeyFile`; nil where none is set. What it throws is shown, and must hold nothing of the secret.
  init(nodeKey: PublicKey?, readKey: @escaping () throws -> SigningKey?) {
    self.nodeKey = nodeKey
    self.readKey = readKey
  }

  /// Begins a pass: a key that was missing may be there now.
  func begin() { refusal = nil }

  /// Ends a batch: the key is wiped.
  func forgetKey() { key = nil }

  func sign(_ row: OutboxRow) -> Result {
    switch row.body {
    case .signed(let raw):
      return .signed(SignedRow(sequence: row.sequence, id: row.id, event: raw))
    case .gone:
      return .held("the event in the outbox is damaged")
    case .unsigned(let form):
      guard let event = UnsignedEvent(form: form), event.id == row.id else { return .held("the event in the outbox is damaged") }
      guard let key = loadedKey() else { return .held(refusal ?? "no key") }
      guard key.publicKey == event.pubkey.value else {
        return .held("the event is by \(event.pubkey.short), and the node's key is \(PublicKey(key.publicKey).short)")
      }
      do {
        return .signed(SignedRow(sequence: row.sequence, id: row.id, event: try signature(event, key)))
      } catch {
        return .failed("cannot sign: \(error)")
      }
    }
  }

  private func loadedKey() -> SigningKey? {
    if let key { return key }
    if refusal != nil { return nil }
    guard let nodeKey else {
      refusal = "node.publicKey is not set"
      return nil
    }
    do {
      guard let read = try readKey() else {
        refusal = "node.secretKeyFile is not set"
        return nil
      }
      guard read.publicKey == nodeKey.value else {
        refusal = "the key in node.secretKeyFile is \(PublicKey(read.publicKey).short), and node.publicKey is \(nodeKey.short)"
        return nil
      }
      key = read
    } catch {
      refusal = "node.secretKeyFile cannot be used: \(error)"
    }
    return key
  }
}
