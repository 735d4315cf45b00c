// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Nostr
import Policy

/// How collectives are printed; the fields of the contract, and more.
enum CollectiveOutput {
  static func summary(_ view: CollectiveView) -> [(String, JSONOutput)] {
    [
      ("ignition", .string(view.ignition.id.hex)), ("creator", .string(view.ignition.creator.hex)), ("name", .string(view.ignition.name.string)),
      ("head", .string(view.head.id.hex)), ("updates", .unsigned(view.head.number &+ 1)),
      ("totalMerits", .unsigned(view.state.rows.reduce(0) { $0 &+ $1.amount })), ("payments", .string(view.state.mode.name)),
      ("checkpoint", .boolean(view.ignition.isCheckpoint)), ("hidden", .boolean(view.isHidden)),
      ("equivocated", .boolean(view.isEquivocated)),
      ("stateHash", .string(view.state.stateHash.hex)),
    ]
  }

  static func json(_ view: CollectiveView, _ head: Event?) -> JSONOutput {
    let votepower = view.votepower.byHolder.sorted { $0.key < $1.key }.map { ($0.key.hex, JSONOutput.unsigned($0.value)) }
    return .object(
      summary(view) + [
        ("createdAt", .unsigned(view.head.createdAt)), ("bitcoin", .optional(view.head.block?.text)),
        ("merits", .array(view.state.rows.map(merit))), ("sats", .array(view.state.rows.filter { $0.outstanding > 0 || $0.paid > 0 }.map(sats))),
        ("votepower", .object(votepower)), ("zappers", .array(view.state.zappers.map { .string($0.hex) })),
        ("products", .array(view.products.map(product))), ("mission", .optional(soft("mission", head).first)),
        ("problem", .optional(soft("problem", head).first)),
        ("repositories", .array((soft("repository", head) + soft("repo", head)).map { .string($0) })), ("dustMillisatoshi", .unsigned(view.dust)),
      ])
  }

  private static func merit(_ row: MeritRow) -> JSONOutput {
    .object([
      ("request", .string(row.request.hex)), ("owner", .string(row.owner.hex)), ("leadtime", .unsigned(UInt64(row.leadtime))),
      ("amount", .unsigned(row.amount)),
    ])
  }

  private static func sats(_ row: MeritRow) -> JSONOutput {
    .object([("request", .string(row.request.hex)), ("outstanding", .unsigned(row.outstanding)), ("paid", .unsigned(row.paid))])
  }

  private static func product(_ product: Product) -> JSONOutput {
    .object([
      ("id", .string(product.id.hex)), ("price", .unsigned(product.price)), ("start", .unsigned(product.start)),
      ("max", .unsigned(product.maximum)), ("sold", .integer(Int64(product.purchases.count))),
    ])
  }

  /// The values of a soft tag of the head.
  private static func soft(_ name: StaticString, _ head: Event?) -> [String] { head?.tags.all(named: name).compactMap { $0[1]?.string } ?? [] }

  static func line(_ view: CollectiveView) -> String {
    let name = LogRenderer.escaped(view.ignition.name.string, maxBytes: 64)
    let merits = view.state.rows.reduce(UInt64(0)) { $0 &+ $1.amount }
    return
      "\(view.ignition.id.hex)  \(name)  by \(view.ignition.creator.short)  \(merits) merits"
      + (view.isHidden ? "  hidden" : "") + (view.ignition.isCheckpoint ? "  checkpoint" : "")
      + (view.isEquivocated ? "  equivocated" : "")
  }

  static func lines(_ view: CollectiveView, _ head: Event?) -> [String] {
    var lines = [
      "collective    \(LogRenderer.escaped(view.ignition.name.string, maxBytes: 64))",
      "ignition      \(view.ignition.id.hex)\(view.ignition.isCheckpoint ? ", its history is not known here (checkpoint)" : "")",
      "creator       \(view.ignition.creator.hex)",
      "head          \(view.head.id.hex), update \(view.head.number)\(view.isHidden ? ", hidden by its author" : "")"
        + (view.isEquivocated ? ", equivocated: its author signed what excludes each other" : ""),
      "state hash    \(view.state.stateHash.hex)", "payments      \(view.state.mode.name)",
    ]
    for name in ["mission", "problem", "repository", "repo"] as [StaticString] {
      for value in soft(name, head) { lines.append("\(name)".padded(to: 14) + LogRenderer.escaped(value, maxBytes: 300)) }
    }
    for row in view.state.rows {
      lines.append(
        "merit         \(row.request.short)  \(row.amount) of \(row.owner.short)  leadtime \(row.leadtime)  outstanding \(row.outstanding)  paid \(row.paid)"
      )
    }
    let votepower = view.votepower
    for (holder, power) in votepower.byHolder.sorted(by: { $0.key < $1.key }) {
      lines.append("votepower     \(holder.hex)  \(power) of \(votepower.total)")
    }
    for product in view.products {
      lines.append(
        "product       \(product.id.short)  price \(product.price)  sold \(product.purchases.count)\(product.maximum > 0 ? " of \(product.maximum)" : "")"
      )
    }
    return lines
  }
}

extension String {
  fileprivate func padded(to width: Int) -> String { self + String(repeating: " ", count: max(1, width - count)) }
}
