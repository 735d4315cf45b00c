// SPDX-License-Identifier: AGPL-3.0-or-later
import Judgement
import Nostr
import Policy
import StateStore

extension Daemon {
  /// What a state says that was made anew from this node's journal.
  struct Rebuilt {
    let digests: [DomainDigest]
    let outcomes: [DomainDigest]
    /// What the journal holds, and is not known now.
    let unknown: [EventID]
  }

  /// Judges the journal again in its order, each row as it was judged, as `commonsguard rebuild` does. Source: architecture, law 5.
  ///
  /// - Parameter time: of the outcomes.
  func rebuilt(at time: UInt64) throws -> Rebuilt {
    let folder = Folder()
    let registry = makeRegistry()
    let store = try folder.state(registry)
    var options = options
    options.writesFollowUps = false
    options.parking = .rebuild
    let judge = try Judge(store: store, registry: registry, options: options)
    let rows = try journal()
    for row in rows {
      switch row.content {
      case .decision(let decision): try judge.carryOut(decision)
      case .event(let raw, _, let source, let sourceInfo):
        let circumstances = Circumstances(receivedAt: row.receivedAt, source: source, isRejudged: true)
        let judgement = judge.judge(raw: raw, in: circumstances, sourceInfo: sourceInfo ?? "")
        if let fault = judgement.fault { throw fault }
        if judgement.isWritten { try judge.judgeAllReleased(releasing: circumstances) }
      }
    }
    return try store.read { state in
      let unknown = try rows.compactMap { row -> EventID? in
        guard case .event(_, let id, _, _) = row.content, try state.known(id) == nil else { return nil }
        return id
      }
      return Rebuilt(
        digests: DomainDigest.list(try StateDigest.read(reading: state, registry)),
        outcomes: DomainDigest.list(try StateDigest.outcomes(at: time, reading: state, registry)), unknown: unknown)
    }
  }

  private func journal() throws -> [JournalRow] {
    var rows: [JournalRow] = []
    try store.read { state in
      try state.journal(from: 1) { row in
        rows.append(row)
        return true
      }
    }
    return rows
  }
}
