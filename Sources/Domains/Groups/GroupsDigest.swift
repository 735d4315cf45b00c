// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// The canonical bytes of everything in groups that follows from the accepted events alone (architecture, law 5): the nodes and what they changed, the
/// proposals, votes and attestations. Neither when nor whence something came, nor what headers and labels are known (a node's own are not in its journal), nor
/// what these choose: tips and confirmations (`feedOutcomes`).
struct GroupsDigest {
  func feed(reading state: borrowing some StateReader & ~Copyable, into feed: ([UInt8]) -> Void) throws {
    try state.scan(GroupsState.nodes, prefix: []) { key, value in
      var keys = RecordReader(key, of: GroupsState.nodes)
      let node = try NodeRecord(id: try keys.eventID(), decoding: value)
      var writer = RecordWriter()
      writer.put(UInt8(1))
      writer.put(node.id)
      writer.put(node.group)
      writer.put(optional: node.parent) { $0.put($1) }
      writer.put(node.author)
      writer.put(node.createdAt)
      writer.put(node.depth)
      writer.put(node.change)
      feed(writer.bytes)
      return true
    }
    try state.scan(GroupsState.proposals, prefix: []) { key, value in
      var keys = RecordReader(key, of: GroupsState.proposals)
      let proposal = try ProposalRecord(id: try keys.eventID(), decoding: value)
      var writer = RecordWriter()
      writer.put(UInt8(2))
      writer.put(proposal.id)
      writer.put(proposal.group)
      writer.put(proposal.parent)
      writer.put(proposal.author)
      writer.put(proposal.createdAt)
      writer.put(proposal.change)
      feed(writer.bytes)
      return true
    }
    try state.scan(GroupsState.votes, prefix: []) { key, value in
      var writer = RecordWriter()
      writer.put(UInt8(3))
      writer.put(fixed: key)
      writer.put(try VoteRecord(key: key, decoding: value).value)
      feed(writer.bytes)
      return true
    }
    try state.scan(GroupsState.attestations, prefix: []) { key, value in
      let attestation = try AttestationRecord(key: key, decoding: value)
      var writer = RecordWriter()
      writer.put(UInt8(4))
      writer.put(fixed: key)
      writer.put(optional: attestation.attester) { $0.put($1) }
      writer.put(attestation.createdAt)
      writer.put(list: attestation.anchors) {
        $0.put($1.height)
        $0.put(optional: $1.root) { $0.put($1) }
      }
      feed(writer.bytes)
      return true
    }
  }
}
