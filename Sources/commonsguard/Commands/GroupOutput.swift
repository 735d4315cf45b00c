// SPDX-License-Identifier: AGPL-3.0-or-later
import Groups
import Nostr

/// How groups are printed; the fields of the contract, and more.
enum GroupOutput {
  /// The draft's Group State, its administrators and its status.
  static func json(_ view: GroupView) -> JSONOutput {
    .object([
      ("id", .string(view.id.hex)), ("members", .array(view.members.map(member))), ("chaintip", .string(view.tip.hex)),
      ("admin", .optional(view.admin?.hex)), ("meta", .object(view.meta.map { ($0.key.string, .string($0.value.string)) })),
      ("broadcast-attesters", view.attesters.map { .array($0.map { .string($0.hex) }) } ?? .null),
      ("administrators", .array(view.administrators.map { .string($0.hex) })), ("status", .string(view.status.name)),
      ("createdAt", .unsigned(view.createdAt)), ("chaintipCreatedAt", .unsigned(view.tipCreatedAt)), ("length", .unsigned(UInt64(view.length))),
      ("hasForks", .boolean(view.hasForks)), ("contested", .array(view.contested.map(contested))),
    ])
  }

  private static func contested(_ node: GroupView.Contested) -> JSONOutput {
    .object([
      ("node", .string(node.node.hex)), ("author", .string(node.author.hex)), ("createdAt", .unsigned(node.createdAt)),
      ("takesEffectAt", .unsigned(node.takesEffectAt)),
    ])
  }

  private static func member(_ member: GroupView.MemberView) -> JSONOutput {
    switch member {
    case .account(let key): .string(key.hex)
    case .group(let id, let isBlock): .array([.string(id.hex)] + (isBlock ? [.string("groupvote")] : []))
    }
  }

  /// One row of the list.
  static func summary(_ view: GroupView) -> JSONOutput {
    .object([
      ("id", .string(view.id.hex)), ("chaintip", .string(view.tip.hex)), ("status", .string(view.status.name)),
      ("members", .integer(Int64(view.members.count))), ("administrators", .integer(Int64(view.administrators.count))),
      ("name", .optional(name(view))),
    ])
  }

  private static func name(_ view: GroupView) -> String? { view.meta.first { $0.key == "name" }?.value.string }

  static func line(_ view: GroupView) -> String {
    let name = LogRenderer.escaped(name(view) ?? "", maxBytes: 60)
    return "\(view.id.hex)  \(view.status.name)  \(counted(view.members.count, "member"))  tip \(view.tip.short)  \(name)"
  }

  static func lines(_ view: GroupView) -> [String] {
    var lines = [
      "group          \(view.id.hex)", "chaintip       \(view.tip.hex), \(view.status.name), after \(counted(Int(view.length), "modification"))",
      "admin          \(view.admin?.hex ?? "its members")",
    ]
    for (key, value) in view.meta {
      lines.append("meta           \(LogRenderer.escaped(key.string, maxBytes: 40)): \(LogRenderer.escaped(value.string, maxBytes: 200))")
    }
    for (index, member) in view.members.enumerated() {
      switch member {
      case .account(let key): lines.append("member \(index)\t\(key.hex)")
      case .group(let id, let isBlock): lines.append("member \(index)\tgroup \(id.hex)\(isBlock ? ", one vote together" : "")")
      }
    }
    for key in view.administrators { lines.append("administrator  \(key.hex)") }
    for key in view.attesters ?? [] { lines.append("attester       \(key.hex)") }
    for node in view.contested {
      lines.append("contested      \(node.node.hex), by \(node.author.short), of \(node.createdAt), takes effect at \(node.takesEffectAt)")
    }
    return lines
  }

  static func json(_ answer: HistoricalQuery.Answer, _ group: EventID, _ account: PublicKey, at time: UInt64, _ mode: String) -> JSONOutput {
    .object([
      ("group", .string(group.hex)), ("pubkey", .string(account.hex)), ("at", .unsigned(time)), ("mode", .string(mode)),
      ("member", .boolean(answer.isMember)), ("direct", .boolean(answer.isDirect)), ("administrator", .boolean(answer.isAdministrator)),
      ("voter", .boolean(answer.isVoter)), ("via", .array(answer.via.map { .string($0.hex) })), ("status", .string(answer.status.name)),
      ("node", .optional(answer.node?.hex)), ("chaintip", .string(answer.tip.hex)),
      ("disputedSince", answer.disputedSince.map { .unsigned($0) } ?? .null),
    ])
  }

  static func lines(_ answer: HistoricalQuery.Answer) -> [String] {
    var lines = [
      "member         \(answer.isMember ? answer.isDirect ? "yes" : "yes, through \(answer.via.dropFirst().map(\.short).joined(separator: ", "))" : "no")",
      "administrator  \(answer.isAdministrator ? "yes" : "no")", "voter          \(answer.isVoter ? "yes" : "no")",
      "status         \(answer.status.name)", "chaintip       \(answer.tip.hex)",
    ]
    if let since = answer.disputedSince { lines.append("disputed       from \(since) on the chain is not confirmed") }
    return lines
  }

  static func json(_ step: GroupView.Step, tip: EventID) -> JSONOutput {
    .object([
      ("node", .string(step.node.hex)), ("author", .string(step.author.hex)), ("createdAt", .unsigned(step.createdAt)),
      ("depth", .unsigned(UInt64(step.depth))), ("canonical", .boolean(step.isCanonical)), ("lateArrival", .boolean(step.isLate)),
      ("added", .integer(Int64(step.added))), ("removed", .integer(Int64(step.removed))), ("status", .string(step.status.name)),
      ("takesEffectAt", step.takesEffectAt.map { .unsigned($0) } ?? .null), ("chaintip", .string(tip.hex)),
    ])
  }

  static func line(_ step: GroupView.Step) -> String {
    let notes = [
      step.isCanonical ? nil : "side branch", step.isLate ? "late arrival" : nil, step.takesEffectAt.map { "contested, takes effect at \($0)" },
    ].compactMap { $0 }.joined(separator: ", ")
    return
      "\(step.depth)\t\(step.node.hex)  \(step.createdAt)  by \(step.author.short)  +\(step.added) -\(step.removed)  \(step.status.name)"
      + (notes.isEmpty ? "" : "  \(notes)")
  }

  static func json(_ switching: ReorganisationRecord, tip: EventID) -> JSONOutput {
    .object([
      ("reorganisation", .boolean(true)), ("receivedAt", .unsigned(switching.receivedAt)), ("trigger", .string(switching.trigger.hex)),
      ("fork", .string(switching.fork.hex)), ("from", .string(switching.from.hex)), ("to", .string(switching.to.hex)), ("chaintip", .string(tip.hex)),
    ])
  }

  static func line(_ switching: ReorganisationRecord) -> String {
    "switch\tfrom \(switching.from.short) to \(switching.to.short) behind \(switching.fork.short), by \(switching.trigger.short)"
  }
}
