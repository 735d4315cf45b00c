// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Nostr

extension CollectivesOptions {
  /// Takes checked values; what contradicts is reported to them.
  mutating func read(_ values: inout ConfigurationValues) {
    func boolean(_ name: String) -> Bool { values["collectives.\(name)"].boolean ?? false }
    func kinds(_ name: String) -> [UInt64] {
      guard case .array(let elements) = values["collectives.\(name)"] else { return [] }
      return elements.compactMap { $0.integer.flatMap { UInt64(exactly: $0) } }
    }

    isEnabled = values["collectives.enabled"].boolean ?? true
    if let fraction = values["collectives.approve"].string.flatMap({ ConfigurationKey.fraction($0, proper: true) }) { approve = fraction }
    if let fraction = values["collectives.veto"].string.flatMap({ ConfigurationKey.fraction($0, proper: false) }) { veto = fraction }
    checkpoint = boolean("checkpoint")
    forkPolicy = values["collectives.forkPolicy"].string.flatMap { ForkPolicy(rawValue: $0) } ?? .nip01
    genesisMerit = boolean("genesisMerit")
    allowDeletion = boolean("allowDeletion")
    maxSecsPerPubkey = Int(values["collectives.maxSecsPerPubkey"].integer ?? 32)
    dRegex = values["collectives.dRegex"].string.flatMap { NamePattern($0) }
    acceptUnverifiedTxid = boolean("acceptUnverifiedTxid")
    requestKinds = kinds("requestKinds")
    voteKinds = kinds("voteKinds")
    approvalKinds = kinds("approvalKinds")
    transferKinds = kinds("transferKinds")
    leadtimeKinds = kinds("leadtimeKinds")
    validateSatellites = boolean("validateSatellites")
    allowPublishedApprovals = boolean("allowPublishedApprovals")
    productPriceUnit = values["collectives.productPriceUnit"].string.flatMap { PriceUnit(rawValue: $0) } ?? .sat
    totalOnly = boolean("totalOnly")
    trustedZappers = Set((values["collectives.trustedZappers"].strings ?? []).compactMap(ConfigurationKey.publicKey))
    zappers = [:]
    for pair in (values["collectives.zappers"].strings ?? []).compactMap(ConfigurationKey.zapper) {
      zappers[pair.payee, default: []].insert(pair.zapper)
    }
    checkKinds(&values)
  }

  /// One kind has one meaning.
  private func checkKinds(_ values: inout ConfigurationValues) {
    let lists = [
      ("requestKinds", requestKinds), ("voteKinds", voteKinds), ("approvalKinds", approvalKinds), ("transferKinds", transferKinds),
      ("leadtimeKinds", leadtimeKinds),
    ]
    // Profiles, listings, receipts and updates are evidence of their own, a deletion is none.
    var seen: [UInt64: String] = [0: "profiles", 5: "deletions", 1412: "listings", 9735: "zap receipts", 31108: "updates"]
    for (name, kinds) in lists {
      for kind in kinds {
        if let other = seen[kind] { values.reportContradiction("collectives.\(name)", "kind \(kind) is taken by \(other)") }
        seen[kind] = name
      }
    }
  }
}
