// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Policy

/// How chains, agreements and equivocations are printed.
extension CollectiveOutput {
  static func json(_ record: UpdateRecord, _ state: HardState) -> JSONOutput {
    .object([
      ("id", .string(record.id.hex)), ("number", .unsigned(record.number)), ("createdAt", .unsigned(record.createdAt)),
      ("previous", .optional(record.previous?.hex)), ("boostpoint", .optional(record.boost?.id.hex)), ("bitcoin", .optional(record.block?.text)),
      ("merits", .integer(Int64(state.rows.count))), ("totalMerits", .unsigned(state.rows.reduce(0) { $0 &+ $1.amount })),
      ("outstanding", .unsigned(state.rows.reduce(0) { $0 &+ $1.outstanding })), ("paid", .unsigned(state.rows.reduce(0) { $0 &+ $1.paid })),
      ("stateHash", .string(state.stateHash.hex)),
    ])
  }

  static func line(_ record: UpdateRecord, _ state: HardState) -> String {
    let merits = state.rows.reduce(UInt64(0)) { $0 &+ $1.amount }
    return "\(record.number)  \(record.id.hex)  \(record.createdAt)  \(merits) merits  state \(state.stateHash.hex.prefix(16))"
  }

  static func json(_ record: EquivocationRecord) -> JSONOutput {
    .object([
      ("parent", .optional(record.parent?.hex)), ("pubkey", .string(record.pubkey.hex)), ("accepted", .string(record.accepted.hex)),
      ("refused", .array(record.refused.map { .string($0.hex) })),
    ])
  }

  static func line(_ record: EquivocationRecord) -> String {
    let others = record.refused.map(\.short).joined(separator: " ")
    return "\(record.parent?.hex ?? "first updates")  by \(record.pubkey.short)  accepted \(record.accepted.short)  refused \(others)"
  }

  static func json(_ agreement: CollectiveAgreement) -> JSONOutput {
    let heads = agreement.heads.map { head in
      JSONOutput.object([
        ("pubkey", .string(head.view.head.pubkey.hex)), ("head", .string(head.view.head.id.hex)),
        ("stateHash", .string(head.view.state.stateHash.hex)),
        ("votepower", .unsigned(head.votepower)), ("agrees", .boolean(head.agrees)),
      ])
    }
    return .object([
      ("heads", .array(heads)), ("agreeing", .unsigned(agreement.agreeing)), ("total", .unsigned(agreement.total)),
      ("majority", .boolean(agreement.isMajority)),
    ])
  }

  static func lines(_ agreement: CollectiveAgreement) -> [String] {
    agreement.heads.map { head in
      "\(head.view.head.pubkey.hex)  votepower \(head.votepower)  state \(head.view.state.stateHash.hex.prefix(16))  \(head.agrees ? "agrees" : "differs")"
    } + ["agreement     \(agreement.agreeing) of \(agreement.total) votepower\(agreement.isMajority ? "" : ": no majority")"]
  }
}
