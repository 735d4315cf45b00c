// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Nostr

extension Arguments {
  /// What is asked of `collective`.
  enum CollectiveRequest: Sendable, Equatable {
    case list
    case show(EventID)
    case nextPayee(EventID, sats: UInt64)
    case split(EventID, sats: UInt64, byHolder: Bool)
    /// nil: the creator's chain.
    case history(EventID, of: PublicKey?)
    case agreement(EventID)
    case equivocations(EventID)
    case draft(EventID, CollectiveDraftOptions)
  }

  /// `collective draft`.
  struct CollectiveDraftOptions: Sendable, Equatable {
    /// Files with events, one on each line.
    var evidence: [String]
    var isMember: Bool
    var author: PublicKey?
    var keyFile: String?
    var block: BlockStamp?
    var createdAt: UInt64?
  }
}

extension Arguments.CommandSyntax {
  static let collectives: [Arguments.CommandSyntax] = [
    .init("collective list", "the collectives: name, creator, merits", example: "commonsguard collective list --json"),
    .init(
      "collective show", operands: "I", count: 1...1, "one collective: merits, sats, votepower, products; I is the ignition's id",
      example: "commonsguard collective show <64 hex digits>"),
    .init(
      "collective next-payee", operands: "I SATS", count: 2...2, "who gets the next payment in round robin",
      example: "commonsguard collective next-payee <64 hex digits> 1000"),
    .init(
      "collective split", operands: "I SATS", count: 2...2,
      options: [.init("mode", value: "MODE", "manual: by merit row (default); cashu: by holder")], "the exact shares of a payment",
      example: "commonsguard collective split <64 hex digits> 1000 --mode cashu"),
    .init(
      "collective history", operands: "I [PUBKEY]", count: 1...2, "the updates of the creator's chain, or of a member's, oldest first",
      example: "commonsguard collective history <64 hex digits>"),
    .init(
      "collective agreement", operands: "I", count: 1...1, "which heads have the creator's state, and how much votepower agrees",
      example: "commonsguard collective agreement <64 hex digits>"),
    .init(
      "collective equivocations", operands: "I", count: 1...1, "updates that were signed beside an accepted one",
      example: "commonsguard collective equivocations <64 hex digits>"),
    .init(
      "collective draft", operands: "I", count: 1...1,
      options: [
        .init("proof", value: "FILE", "events that prove the change, one on each line; may be given several times", isRepeatable: true),
        .init("receipt", value: "FILE", "zap receipts, likewise", isRepeatable: true),
        .init("member", "stand on the creator's head: a member's first event, or following the creator again"),
        .init("author", value: "PUBKEY", "whose update it is; default: the key's, else the creator's"),
        .init("bitcoin", value: "HEIGHT:HASH", "the block that the update names"),
        .init("at", value: "UNIX", "its created_at; default: now"),
        .init("key", value: "FILE", "sign with the secret key in this file (nsec1… or hex, mode 0600)"),
      ], "the author's next update with the rows that follow from the evidence",
      example: "commonsguard collective draft <64 hex digits> --receipt receipt.json --key /etc/commonsguard/creator.key"),
  ]
}

extension Arguments.Values {
  func collective(_ word: String) throws(Arguments.UsageError) -> Arguments.CollectiveRequest {
    if word == "list" { return .list }
    let id = try eventID()
    switch word {
    case "show": return .show(id)
    case "next-payee": return .nextPayee(id, sats: try sats())
    case "split": return .split(id, sats: try sats(), byHolder: try isByHolder())
    case "history": return .history(id, of: operands.count > 1 ? try pubkey(operands[1]) : nil)
    case "agreement": return .agreement(id)
    case "equivocations": return .equivocations(id)
    default:
      var block: BlockStamp?
      if let text = given["bitcoin"] {
        block = BlockStamp(text: Text(text))
        if block == nil { throw Arguments.UsageError("--bitcoin \(text) is not height:hash") }
      }
      return .draft(
        id,
        Arguments.CollectiveDraftOptions(
          evidence: values("proof") + values("receipt"), isMember: has("member"), author: try given["author"].map(pubkey), keyFile: given["key"],
          block: block, createdAt: try given["at"].map(number)))
    }
  }

  private func values(_ option: String) -> [String] { given[option]?.split(separator: Arguments.Options.separator).map(String.init) ?? [] }

  private func number(_ word: String) throws(Arguments.UsageError) -> UInt64 {
    guard let number = Text(word).decimal else { throw Arguments.UsageError("\(word) is not a whole number") }
    return number
  }

  private func sats() throws(Arguments.UsageError) -> UInt64 {
    let sats = try number(operands[1])
    guard (1...MeritRow.maxSats).contains(sats) else { throw Arguments.UsageError("\(sats) is not a number of sats from 1 to \(MeritRow.maxSats)") }
    return sats
  }

  private func isByHolder() throws(Arguments.UsageError) -> Bool {
    switch given["mode"] {
    case nil, "manual": return false
    case "cashu": return true
    case let mode?: throw Arguments.UsageError("--mode \(mode): not one of manual, cashu")
    }
  }

  private func pubkey(_ word: String) throws(Arguments.UsageError) -> PublicKey {
    guard let pubkey = PublicKey(hex: word) else { throw Arguments.UsageError("\(word) is not a public key (64 lowercase hex digits)") }
    return pubkey
  }
}
