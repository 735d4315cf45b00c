// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy
import StateStore

/// A repost by a node of the constellation that carries an event: what relays dropped, and others may need. Source: constellation spec, rule 2.
///
/// Other people's reposts are nobody's: a stranger's would be a door past the rules for live events.
struct ArchivedEvent {
  /// What carries the event.
  struct Outer {
    let raw: [UInt8]
    /// Whose it is.
    let mark: ArchiveMark

    /// Dated further ahead than any event may be (rule 11).
    func isFuture(in circumstances: Circumstances) -> Bool {
      let createdAt = raw.withUnsafeBytes { bytes in (try? EventSlices.parse(bytes))?.createdAt ?? 0 }
      return circumstances.isFuture(createdAt: createdAt)
    }

    init(_ raw: [UInt8], by pubkey: PublicKey, _ options: FollowUpOptions) {
      self.raw = raw
      mark = pubkey == options.nodeKey ? .ours : .another
    }
  }

  let outer: Outer
  /// The JSON of the event within.
  let content: [UInt8]

  /// It says that it is an archive: then what it holds has to be an event.
  let isMarked: Bool

  /// nil when the repost is nobody's: not by a node, or empty.
  init?(_ slices: borrowing EventSlices, _ options: FollowUpOptions) {
    guard slices.kind == Archive.kind, options.isNode(PublicKey(slices.pubkey)), let event = try? slices.decode(),
      event.content.count > 0
    else { return nil }
    outer = Outer(event.raw, by: event.pubkey, options)
    isMarked = slices.hasTag("l", "archive")
    content = Array(event.content.bytes)
  }
}

extension Judge {
  /// The JSON of the event that an archive by a node of the constellation carries, unjudged; nil when the event is no such archive.
  public func eventArchived(in slices: borrowing EventSlices) -> [UInt8]? { ArchivedEvent(slices, options.constellation.followUps)?.content }

  /// Whether a domain claims the event whatever the state says.
  public func isClaimed(_ slices: borrowing EventSlices) -> Bool { !registry.claimants(of: slices).owned.isEmpty }

  /// Judges the event within as from sync, with the receipt of what carries it; it is journalled as itself, and what carries it is not.
  func judge(_ archived: ArchivedEvent, in circumstances: Circumstances) -> Judgement {
    if let rejection = archived.outer.raw.withUnsafeBytes({ (try? EventSlices.parse($0)).flatMap { verify($0) } }) { return .rejected(rejection) }
    guard isOurs(archived) else { return unclaimed }
    if archived.outer.isFuture(in: circumstances) { return .rejected(ClaimedEvent.isFuture) }
    return archived.content.withUnsafeBytes { bytes in
      do {
        let slices = try EventSlices.parse(bytes)
        if slices.kind == Archive.kind { return Self.refused(.invalid("no archive in an archive")) }
        let claimants = registry.claimants(of: slices)
        let event = try verifier.verifiedEvent(slices)
        if let known = try store.read({ try $0.known(event.id) }) { return try noteKnown(archived, event.id, known.domain) }
        let own = Circumstances(
          receivedAt: circumstances.receivedAt, source: .archive, isRejudged: circumstances.isRejudged, isBare: circumstances.isBare)
        let judgement = judge(event, claimants, in: own, archive: archived.outer) { "" }
        guard case .reject(let rejection) = judgement.decision, judgement.fault == nil, !judgement.isParked else { return judgement }
        return Self.refused(rejection, judgement)
      } catch let error as EventVerificationError {
        return Self.refused(Rejection(error))
      } catch let error as EventParseError {
        return Self.refused(.invalid("\(error)"))
      } catch {
        return .faulted(error)
      }
    }
  }

  /// Whether it is judged by what it holds: else it passes as anybody's repost.
  func isOurs(_ archived: ArchivedEvent) -> Bool {
    archived.content.withUnsafeBytes { bytes in
      guard let slices = try? EventSlices.parse(bytes) else { return archived.isMarked }
      return slices.kind == Archive.kind ? archived.isMarked : !registry.claimants(of: slices).isEmpty
    }
  }

  /// The event within is known: whose archive of it is at the relay is worth a row, once.
  private func noteKnown(_ archived: ArchivedEvent, _ id: EventID, _ owner: Domain) throws -> Judgement {
    let mark = archived.outer.mark
    let isNoted = try store.read { try $0.archives(of: id).isSuperset(of: mark) }
    if !isNoted { _ = try store.write { try $0.note(archive: mark, of: id) } }
    return Judgement(.accept, owner: owner, isWritten: !isNoted)
  }

  private static func refused(_ rejection: Rejection, _ judgement: Judgement? = nil) -> Judgement {
    var refused = Judgement(
      .reject(.invalid("archived event: \(rejection.message)")), owner: judgement?.owner, isWritten: judgement?.isWritten ?? false)
    refused.diagnostics = judgement?.diagnostics ?? []
    return refused
  }
}
