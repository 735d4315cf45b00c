// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import FoundationEssentials
import Nostr
import Policy
import StateStore

/// `collective list|show|next-payee|split|history|agreement|equivocations|draft`.
enum CollectiveCommand {
  static func run(_ installation: Installation, _ request: Arguments.CollectiveRequest) throws -> ExitStatus {
    let store = try installation.store(isReadOnly: true)
    let asJSON = installation.arguments.printsJSON
    switch request {
    case .list: try list(store, asJSON: asJSON)
    case .show(let id):
      let (view, head) = try store.read { state in
        let view = try known(id, reading: state)
        return (view, try state.raw(view.head.id).flatMap { try? Event(parsing: $0) })
      }
      if asJSON { Console.print(CollectiveOutput.json(view, head).line) } else { CollectiveOutput.lines(view, head).forEach(Console.print) }
    case .nextPayee(let id, let sats): return try nextPayee(store, id, sats, installation)
    case .split(let id, let sats, let byHolder):
      let view = try store.read { try known(id, reading: $0) }
      if !view.hasMerits { Console.note("collective: nobody holds merits; all of it is the creator's") }
      let shares = byHolder ? view.splitByHolder(sats: sats).map { ($0.holder.hex, $0.sats) } : view.splitByMerit(sats: sats).map { ($0.request.hex, $0.sats) }
      for (key, share) in shares {
        Console.print(asJSON ? JSONOutput.object([("key", .string(key)), ("sats", .unsigned(share))]).line : "\(key)  \(share)")
      }
    case .history(let id, let pubkey): try history(store, id, pubkey, asJSON: asJSON)
    case .agreement(let id): return try agreement(store, id, asJSON: asJSON)
    case .equivocations(let id):
      for record in try store.read({ state in
        _ = try known(id, reading: state)
        return try CollectiveView.equivocations(of: id, reading: state)
      }) {
        Console.print(asJSON ? CollectiveOutput.json(record).line : CollectiveOutput.line(record))
      }
    case .draft(let id, let options): try CollectiveDraftCommand.run(installation, store, id, options)
    }
    return .done
  }

  private static func known(_ id: EventID, reading state: borrowing StateView) throws -> CollectiveView {
    guard let view = try CollectiveView.read(id, reading: state) else { throw Failure(.failed, "there is no collective \(id)") }
    return view
  }

  private static func list(_ store: StateStore, asJSON: Bool) throws {
    try store.read { state in
      try CollectiveView.all(reading: state) { view in
        Console.print(asJSON ? JSONOutput.object(CollectiveOutput.summary(view)).line : CollectiveOutput.line(view))
        return true
      }
    }
  }

  private static func nextPayee(_ store: StateStore, _ id: EventID, _ sats: UInt64, _ installation: Installation) throws -> ExitStatus {
    let (view, eligible) = try store.read { state in
      let view = try known(id, reading: state)
      return (view, try view.eligible(installation.configuration.collectives, reading: state))
    }
    guard let payee = view.nextPayee(sats: sats, eligible: eligible) else {
      throw Failure(.failed, "the history of \(id.short) is not known here (checkpoint): no advice")
    }
    if installation.arguments.printsJSON {
      Console.print(JSONOutput.object([("payee", .string(payee.pubkey.hex)), ("request", .optional(payee.request?.hex))]).line)
    } else {
      Console.print(payee.request.map { "\(payee.pubkey.hex)  for \($0.hex)" } ?? payee.pubkey.hex)
    }
    return .done
  }

  private static func history(_ store: StateStore, _ id: EventID, _ pubkey: PublicKey?, asJSON: Bool) throws {
    try store.read { state in
      let canonical = try known(id, reading: state)
      guard try CollectiveView.read(id, of: pubkey, reading: state) != nil else {
        throw Failure(.failed, "\(pubkey?.hex ?? "") has no event in \(id.short)")
      }
      try CollectiveView.history(of: id, pubkey ?? canonical.ignition.creator, reading: state) { record, hardState in
        Console.print(asJSON ? CollectiveOutput.json(record, hardState).line : CollectiveOutput.line(record, hardState))
        return true
      }
    }
  }

  /// Exit 0 when more than half of the votepower agrees with the creator, 1 when not.
  private static func agreement(_ store: StateStore, _ id: EventID, asJSON: Bool) throws -> ExitStatus {
    let heads = try store.read { state in
      _ = try known(id, reading: state)
      return try CollectiveView.heads(of: id, reading: state)
    }
    guard let canonical = heads.first else { throw Failure(.failed, "there is no collective \(id)") }
    let agreement = CollectiveAgreement(heads, canonical: canonical)
    if asJSON { Console.print(CollectiveOutput.json(agreement).line) } else { CollectiveOutput.lines(agreement).forEach(Console.print) }
    return agreement.isMajority ? .done : .failed
  }
}
