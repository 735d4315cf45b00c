// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Judgement
import Nostr
import Policy
import StateStore

/// `state diff`: which accepted events this state and another node's export lack of each other, and where outcomes differ. It writes nothing.
/// Source: constellation spec, rule 8.
enum DiffCommand {
  static func run(_ installation: Installation, _ file: String, withoutTrailer: Bool) throws -> ExitStatus {
    try EventStream.check([file])
    let store = try installation.store(isReadOnly: true)
    let folder = try TemporaryFolder()
    let other = try OtherSide(file, try installation.judge(store), store, in: folder.path)
    if let cut = other.rows.cut, !withoutTrailer {
      throw Failure(.failed, "\(cut): it was cut or damaged, and nothing is compared; --no-trailer takes it as it is")
    }
    let trailer = other.rows.onlyTrailer
    // What is decided may depend on the time, so it is asked for the other's.
    let at = trailer?.outcomes?.at ?? 0
    let (digest, outcomes) = try store.read { state in
      (try StateDigest.read(reading: state, installation.registry), try StateDigest.outcomes(at: at, reading: state, installation.registry))
    }
    let output = DiffOutput(asJSON: installation.arguments.printsJSON)
    output.compare(settings: SettingsDigest.of(installation.configuration), with: trailer)
    output.compare("digest", digest, with: trailer?.domains)
    if let theirs = trailer?.outcomes { output.compare("outcomes", outcomes, with: theirs.domains) }
    try other.visitLackedHere { output.event($0, lackedBy: .here) }
    try visitLackedThere(store, other) { output.event($0, lackedBy: .there) }
    output.finish(unreadable: other.unreadable)
    return output.isSame && other.unreadable == 0 ? .done : .failed
  }

  /// Rows in one snapshot: a snapshot that lasts keeps pages from being used again.
  private static let batch = 1000

  private static func visitLackedThere(_ store: StateStore, _ other: OtherSide, _ visit: (DiffEvent) -> Void) throws {
    var next: UInt64 = 0
    var rows = 0
    repeat {
      rows = 0
      try store.read { state in
        try state.journal(from: next) { row in
          next = row.sequence + 1
          rows += 1
          if case .event(let raw, let id, _, _) = row.content, !other.has(id) {
            raw.withUnsafeBytes { bytes in
              if let slices = try? EventSlices.parse(bytes) { visit(DiffEvent(slices)) }
            }
          }
          return rows < batch
        }
      }
    } while rows == batch
  }
}

/// What is told of an event that a side lacks.
struct DiffEvent {
  let id: EventID
  let kind: UInt64
  let author: PublicKey
  let createdAt: UInt64

  init(_ slices: borrowing EventSlices) {
    id = EventID(slices.id)
    kind = slices.kind
    author = PublicKey(slices.pubkey)
    createdAt = slices.createdAt
  }
}

/// What the other node has accepted, or what the other relay holds: each id in order, and apart what is not known here.
private final class OtherSide {
  private let ids: SortedKeys
  /// `created_at 8 · id 32 · offset 8`: the oldest first; what is to be told of them lies in the file.
  private let lacked: SortedKeys
  private let details: ScratchFile
  private(set) var rows = ExportRows()
  private(set) var unreadable = 0

  init(_ file: String, _ judge: Judge, _ store: StateStore, in folder: String) throws {
    ids = try SortedKeys(length: 32, in: folder)
    lacked = try SortedKeys(length: 48, in: folder)
    details = try ScratchFile(in: folder)
    var progress = Progress("diff: reading", total: EventStream.size([file]))
    try EventStream(source: .import, isRejudged: false).read([file]) { _, item, place in
      rows.see(item, at: place)
      switch item {
      case .event(let event, _, _, let request): try add(event, isAccepted: request != nil, judge, store)
      case .unreadable: unreadable += 1
      case .decision, .trailer, .skipped: return
      }
      progress.update(done: place.done, count: ids.count)
    }
    progress.finish()
    rows.endOfInput()
    try ids.finish()
    try lacked.finish()
  }

  /// - Parameter isAccepted: the other node's journal says so. Of what a relay holds, only what some domain claims for sure is compared, and what a
  ///   node's archive carries stands for itself.
  private func add(_ event: EventSlices, isAccepted: Bool, _ judge: Judge, _ store: StateStore) throws {
    if !isAccepted, let archived = judge.eventArchived(in: event) {
      try archived.withUnsafeBytes { bytes in
        if let inner = try? EventSlices.parse(bytes) { try note(inner, isClaimed: judge.isClaimed(inner), store) }
      }
      return
    }
    try note(event, isClaimed: isAccepted || judge.isClaimed(event), store)
  }

  private func note(_ event: EventSlices, isClaimed: Bool, _ store: StateStore) throws {
    let id = EventID(event.id)
    try ids.add(id.bytes)
    guard isClaimed, try store.read({ try $0.known(id) }) == nil else { return }
    try lacked.add(event.createdAt.bigEndianBytes + id.bytes + UInt64(details.count).bigEndianBytes)
    try details.append(UInt64(event.raw.count).bigEndianBytes + Array(event.line[event.raw]))
  }

  func has(_ id: EventID) -> Bool { ids.contains(id.bytes) }

  /// Each once, the oldest first.
  func visitLackedHere(_ visit: (DiffEvent) -> Void) throws {
    var last: [UInt8] = []
    try lacked.visit { key in
      let id = Array(key[8..<40])
      if id == last { return }
      last = id
      let offset = Int(key.loadUnaligned(fromByteOffset: 40, as: UInt64.self).bigEndian)
      let length = try details.read(8, at: offset).reduce(0) { $0 << 8 | Int($1) }
      try details.read(length, at: offset + 8).withUnsafeBytes { bytes in
        if let slices = try? EventSlices.parse(bytes) { visit(DiffEvent(slices)) }
      }
    }
  }
}
