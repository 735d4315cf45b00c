// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Foundation
import Judgement
import Nostr
import Policy
import StateStore
import TestSupport

/// A collective with a locked merit and sats, made once; the fuzzer only reads it.
final class Stage: Sendable {
  static let creator = TestKey("collective C")
  static let member = TestKey("collective M")
  static let stranger = TestKey("collective N")
  static let zapper = TestKey("collective Z")
  static let time: UInt64 = 1_718_800_000
  static let shared = Stage()

  let words: Words
  private let store: StateStore
  private let strict: CollectivesValidator
  private let lenient: CollectivesValidator

  private init() {
    var options = CollectivesOptions()
    options.trustedZappers = [Self.zapper.pubkey]
    strict = CollectivesValidator(options: options)
    options.totalOnly = true
    options.acceptUnverifiedTxid = true
    options.checkpoint = true
    options.dRegex = NamePattern("^[a-z]+$")
    lenient = CollectivesValidator(options: options)
    do {
      let registry = DomainRegistry([strict])
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent("commonsguard-fuzz-\(ProcessInfo.processInfo.processIdentifier)")
      store = try StateStore(StoreOptions(directory: folder.path, tables: registry.tables, durability: .relaxed))
      var words = Words()
      let judge = try Judge(store: store, registry: registry)
      for update in words.history() {
        let judgement = judge.judge(raw: update.raw, in: Circumstances(receivedAt: update.createdAt, source: .sync))
        precondition(judgement.decision == .accept, "the stage is not set: \(judgement.decision)")
      }
      self.words = words
    } catch {
      preconditionFailure("the stage is not set: \(error)")
    }
  }

  /// Parses and decides, as the request path does; a fault is a find.
  func judge(_ raw: [UInt8], in circumstances: Circumstances, isLenient: Bool) {
    let validator = isLenient ? lenient : strict
    do {
      let event = try EventVerifier(cachedKeys: 4).verify(Event(parsing: raw))
      let prepared = try validator.prepare(event, in: circumstances, trace: nil)
      _ = try store.read { try prepared.decide(in: circumstances, reading: $0, trace: nil) }
    } catch is Rejection {
      return
    } catch {
      preconditionFailure("\(error)")
    }
  }
}
