// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Which of a project's versions belong together while nothing vouches for any of them, and what they bind: a pure function of what is known, so that any
/// order of arrival gives the same. Source: constellation spec, rule 4, *Rivals*.
///
/// The lowest (created_at, id) founds the line: its captain and map cell are the line's. Of the others, lowest first, those belong to it that one of its
/// keys signed and that contradict nothing which lower ones bound; the first that names a Bien, or its wallet, binds it.
struct CampaignLine {
  /// A version, and what its event says of the binding.
  struct Member {
    let record: VersionRecord
    let names: BindingNames
  }

  let founder: FoldPosition
  let captain: PublicKey
  let cell: PublicKey?
  private(set) var bien: PublicKey?
  private(set) var wallet: G1Key?
  private(set) var members: [VersionRecord] = []
  /// Those that do not belong to it: their authors are rivals.
  private(set) var others: [VersionRecord] = []

  /// nil where there is no version.
  init?(_ versions: [Member]) {
    let versions = versions.sorted { $0.record.position < $1.record.position }
    guard let first = versions.first else { return nil }
    founder = first.record.position
    captain = first.names.captain ?? first.record.author
    cell = first.names.cell
    for version in versions { add(version) }
  }

  private mutating func add(_ version: Member) {
    let (record, names) = (version.record, version.names)
    let isPermitted = record.author == captain || record.author == cell || record.author == bien
    let isEnding = record.terms.status.isCaptainsAlone && record.author != captain
    guard isPermitted, !isEnding, names.fits(captain: captain, bien: bien, wallet: wallet) else { return others.append(record) }
    bien = bien ?? names.bien
    wallet = wallet ?? names.wallet
    members.append(record)
  }
}

/// What a version says of its binding.
struct BindingNames: Equatable {
  let captain: PublicKey?
  /// The first map cell, and all of them.
  let cells: [PublicKey]
  let bien: PublicKey?
  let wallet: G1Key?

  var cell: PublicKey? { cells.first }

  init(_ version: CampaignVersion) {
    captain = version.designatedCaptain
    cells = version.cells
    bien = version.bien
    wallet = version.bienWallet
  }

  /// Of a version that was accepted: its row does not hold it.
  init(of id: EventID, reading state: borrowing some StateReader & ~Copyable) throws {
    guard let raw = try state.raw(id) else { throw Fault.corrupt(CrowdfundingState.versions, "a version without its event") }
    let event = try Event(parsing: raw)
    let source = CampaignSource(event)
    captain = CampaignVersion.captain(event)
    (cells, bien) = try source.cellsAndBien()
    wallet = try source.bienWallet()
  }

  /// Whether it contradicts nothing that is bound.
  func fits(captain: PublicKey, bien: PublicKey?, wallet: G1Key?) -> Bool {
    Self.agree(self.captain, captain) && Self.agree(self.bien, bien) && Self.agree(self.wallet, wallet)
  }

  private static func agree<Value: Equatable>(_ named: Value?, _ bound: Value?) -> Bool {
    guard let named, let bound else { return true }
    return named == bound
  }
}
