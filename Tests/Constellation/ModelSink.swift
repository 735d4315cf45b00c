// SPDX-License-Identifier: AGPL-3.0-or-later
import Delivery
import Nostr

/// `strfry import` on the node's own relay: what is delivered is written without any plugin being asked.
final class ModelSink: Sink {
  private let relay: StrfryModel
  private let node: PublicKey?
  private let mutant: Mutant?
  private(set) var receipts: [EventID: Set<EventID>] = [:]

  init(_ relay: StrfryModel, node: PublicKey?, _ mutant: Mutant?) {
    self.relay = relay
    self.node = node
    self.mutant = mutant
  }

  func deliver(_ batch: [SignedRow]) -> [SinkOutcome] {
    var written: [Message] = []
    let outcomes = batch.map { row -> SinkOutcome in
      guard let event = try? Event(parsing: row.line) else { return .failed("no event") }
      let message = Message(event)
      note(message)
      if !isDropped(message) { written.append(message) }
      return .delivered
    }
    relay.write(written)
    return outcomes
  }

  private func note(_ message: Message) {
    guard message.event.kind == 9742, message.event.pubkey == node,
      let reaction = message.event.tags.all(named: "e").first(where: { $0[3]?.equals("reaction") == true })?[1].flatMap({ EventID(hex: $0) })
    else { return }
    receipts[reaction, default: []].insert(message.id)
  }

  private func isDropped(_ message: Message) -> Bool {
    let isOwn = message.event.pubkey == node
    switch message.event.kind {
    case 16: return mutant == .noArchives && isOwn
    case 1985:
      guard isOwn, let dropped = mutant?.droppedLabel else { return false }
      return dropped.isEmpty || message.value("l")?.equals(dropped) == true
    default: return false
    }
  }
}
