// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

extension GroupsValidator {
  /// GA1 and GA3–GA6; GA2 and the proof's shape are context-free.
  func decide(
    _ proof: TimestampProof?, of target: EventID, in groupID: EventID, _ judgement: GroupJudgement,
    reading state: borrowing some StateReader & ~Copyable
  ) throws -> Verdict {
    let group = try judgement.storedGroup(groupID, reading: state)
    judgement.enter("GA1")
    guard let known = try state.known(target) else {
      throw MissingDependency.target.refusal(target, GroupsRejection.unknownTarget(target), in: judgement.circumstances)
    }
    guard let note = try GroupsNote(known), let origin = try state.origin(of: target, note), origin.group == group.id else {
      throw GroupsRejection.unknownTarget(target)
    }
    return try accept(proof, of: target, note, origin, group, canAttest: true, judgement, reading: state)
  }

  /// A NIP-03 time stamp of a group event: the proof is its content, and its author has no role.
  func decideTimestamp(_ judgement: GroupJudgement, reading state: borrowing some StateReader & ~Copyable) throws -> Verdict {
    let event = judgement.event
    try GroupsEvent.checkEnvelope(event, trace: judgement.trace)
    judgement.enter("GA1")
    guard let target = GroupsEvent.single("e", of: event) else { throw GroupsRejection.oneTarget }
    guard let known = try state.known(target) else {
      // Whose event it stamps will be known when that arrives: until then it is nobody's.
      return .kept(until: [Dependency(.groups, target.bytes)])
    }
    guard let note = try GroupsNote(known), let origin = try state.origin(of: target, note),
      let group = try state.group(origin.group)
    else {
      throw GroupsRejection.unknownTarget(target)
    }
    judgement.enter("GA4")
    let proof = try TimestampProof(base64: event.content, of: target)
    return try accept(proof, of: target, note, origin, group, canAttest: false, judgement, reading: state)
  }

  /// GA3, GA5 and GA6, and what an attestation does.
  private func accept(
    _ proof: TimestampProof?, of target: EventID, _ note: GroupsNote, _ origin: (group: EventID, parent: EventID?, createdAt: UInt64),
    _ group: GroupRecord,
    canAttest: Bool,
    _ judgement: GroupJudgement, reading state: borrowing some StateReader & ~Copyable
  ) throws -> Verdict {
    let event = judgement.event
    judgement.enter("GA3")
    guard event.createdAt >= origin.createdAt else { throw GroupsRejection.beforeTarget }
    judgement.enter("GA5")
    let anchors = try anchors(proof, judgement)
    judgement.enter("GA6")
    // The list of the parent state, so that a branch cannot appoint its own witness.
    let listed = try judgement.cache.snapshot(at: origin.parent ?? target, reading: state).attesters
    let isListed = canAttest && listed?.contains(event.pubkey) ?? false
    guard proof != nil || isListed else { throw GroupsRejection.notAnAttester }
    let record = AttestationRecord(
      id: event.id, target: target, attester: isListed ? event.pubkey : nil, createdAt: event.createdAt, anchors: anchors)
    // How many there are depends on what had arrived: from sync all are kept, so that relays converge.
    if record.isUnverified, judgement.asksLimits, judgement.circumstances.isLive,
      try state.attestationSummary(of: target).unverified >= GroupLimits.unverifiedProofs
    {
      throw GroupsRejection.tooManyProofs
    }

    var changes = [record.change]
    for anchor in anchors where !anchor.isChecked {
      changes.append(.put(GroupsState.proofs, key: GroupsState.proofKey(anchor.height, event.id), value: target.bytes))
    }
    var course = Course(group, because: event.id, at: judgement.circumstances.receivedAt)
    if isListed { try course.prove(target, note, reading: state) }
    if let node = try state.node(target),
      let adjusted = ChainSplit.adjusted(node, attesters: listed, try state.attestationSummary(of: target, with: record))
    {
      try course.confirm(node, adjusted, attesters: listed, reading: state)
    }
    changes += course.changes
    return .accepted(Effects(changes: changes, note: GroupsNote.attestation(target: target).bytes, yieldsWhenFull: !isListed))
  }

  /// GA5: a proof is held against the headers that are known.
  private func anchors(_ proof: TimestampProof?, _ judgement: GroupJudgement) throws -> [AttestationRecord.Anchor] {
    let headers = BitcoinHeaders(path: options.headersFile)
    var anchors: [AttestationRecord.Anchor] = []
    for attestation in proof?.attestations ?? [] {
      let header = headers.header(at: attestation.height)
      let isRight = header?.merkleRoot == attestation.root
      // A header that came since the first judgement refuses nothing.
      if header != nil, attestation.root != nil, !isRight, !judgement.isRecalled { throw GroupsRejection.wrongBlock(attestation.height) }
      anchors.append(
        AttestationRecord.Anchor(
          height: attestation.height, root: attestation.root, blockTime: isRight ? header?.time : nil,
          isChecked: header != nil || attestation.root == nil))
    }
    return anchors
  }
}
