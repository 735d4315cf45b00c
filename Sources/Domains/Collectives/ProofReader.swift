// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

/// Reads the evidence that an update carries (S10, S11): parses with the parser of the relay's own events, checks ids and signatures, flattens.
///
/// Bounded: at most 64 events with the inner ones, 32 KiB each, together no more than one event may have, two levels. Each event has its own
/// verifier, so that no lock is waited for.
struct ProofReader {
  private let options: CollectivesOptions
  private let latest: UInt64
  private let verifier: EventVerifier
  private(set) var set = ProofSet()
  private var indices: [EventID: Int] = [:]
  /// How many proofs were asked for their profile.
  private var asked = 0

  /// - Parameter createdAt: the update's.
  init(_ options: CollectivesOptions, createdAt: UInt64) throws {
    self.options = options
    let (latest, overflow) = createdAt.addingReportingOverflow(ProofSet.maxAheadSeconds)
    self.latest = overflow ? .max : latest
    do {
      verifier = try EventVerifier(cachedKeys: ProofSet.maxCount)
    } catch {
      throw Fault(answer: "could not judge", detail: "\(error)")
    }
  }

  /// The evidence in an update's tags. Throws a `Rejection`.
  static func read(_ tags: [Tag], createdAt: UInt64, _ options: CollectivesOptions, trace: CheckTrace?) throws -> ProofSet {
    trace?.enter("S10")
    let tags = tags.filter { isProof($0.name) }
    guard !tags.isEmpty else { return ProofSet() }
    guard tags.count <= ProofSet.maxCount else { throw CollectivesRejection.tooManyProofs }
    var reader = try ProofReader(options, createdAt: createdAt)
    for tag in tags where tag.name == "proof" || tag.name == "proof_full" { try reader.add(json: tag[1]) }
    trace?.enter("S11")
    for proof in reader.set.proofs where Proof.Class(proof.event, options) == nil { throw CollectivesRejection.unsupportedProof(proof.event.kind) }
    for tag in tags {
      if tag.name == "proof_raw" {
        try reader.add(transaction: tag[1])
      } else if tag.name == "proof_id" {
        try reader.add(reference: tag[1])
      }
    }
    try reader.readReceipts()
    return reader.set
  }

  /// Evidence that lies in files. Throws a `Rejection`.
  static func read(_ events: [[UInt8]], createdAt: UInt64, _ options: CollectivesOptions) throws -> ProofSet {
    var reader = try ProofReader(options, createdAt: createdAt)
    for json in events { try reader.add(json: Text(validating: json)) }
    for proof in reader.set.proofs where Proof.Class(proof.event, options) == nil { throw CollectivesRejection.unsupportedProof(proof.event.kind) }
    try reader.readReceipts()
    return reader.set
  }

  private static func isProof(_ name: Text) -> Bool { name == "proof" || name == "proof_full" || name == "proof_id" || name == "proof_raw" }

  /// Evidence that was only named joins what was carried. Throws a `Rejection`.
  static func resolve(_ set: ProofSet, with events: [Event], createdAt: UInt64, _ options: CollectivesOptions) throws -> ProofSet {
    var reader = try ProofReader(options, createdAt: createdAt)
    reader.set = set
    // The references were counted when they were read; now the events themselves are.
    reader.set.count -= set.references.count
    for (index, proof) in set.proofs.enumerated() { reader.indices[proof.id] = index }
    reader.asked = set.proofs.count
    for event in events {
      guard event.raw.count <= ProofSet.maxBytes else { throw CollectivesRejection.notAnEvent }
      try reader.add(bytes: event.raw.count)
      try reader.add(event, in: nil)
    }
    for proof in reader.set.proofs where Proof.Class(proof.event, options) == nil { throw CollectivesRejection.unsupportedProof(proof.event.kind) }
    try reader.readReceipts()
    return reader.set
  }

  private mutating func count() throws {
    set.count += 1
    guard set.count <= ProofSet.maxCount else { throw CollectivesRejection.tooManyProofs }
  }

  private mutating func add(bytes: Int) throws {
    set.bytes += bytes
    guard set.bytes <= options.maxEventBytes else { throw CollectivesRejection.tooManyProofs }
  }

  private mutating func add(json: Text?, in wrapper: PublicKey? = nil) throws {
    guard let json, json.count <= ProofSet.maxBytes else { throw CollectivesRejection.notAnEvent }
    if wrapper == nil { try add(bytes: json.count) }
    let bytes = Array(json.bytes)
    guard let event = try? Event(parsing: bytes), SevenFields.hold(bytes) else { throw CollectivesRejection.notAnEvent }
    try add(event, in: wrapper)
  }

  private mutating func add(_ event: Event, in wrapper: PublicKey?) throws {
    try count()
    if let index = indices[event.id] {
      // Carried by itself it needs no wrapper's votepower.
      if let wrapper { set.proofs[index].wrappers?.append(wrapper) } else { set.proofs[index].wrappers = nil }
      return
    }
    do {
      _ = try verifier.verify(event)
    } catch EventVerificationError.badID {
      throw CollectivesRejection.proofIDMismatch
    } catch EventVerificationError.badSignature {
      throw CollectivesRejection.proofSignature
    } catch {
      throw CollectivesRejection.notAnEvent
    }
    guard event.createdAt <= latest else { throw CollectivesRejection.futureProof }
    let kind = Proof.Class(event, options)
    indices[event.id] = set.proofs.count
    // A kind that is no evidence is refused once all proofs are verified; until then its class does not matter.
    set.proofs.append(Proof(event: event, kind: kind ?? .update, wrappers: wrapper.map { [$0] }))
    guard kind == .approval else { return }
    guard wrapper == nil else { throw CollectivesRejection.unsupportedProof(event.kind) }
    for tag in event.tags where tag.name == "request" || tag.name == "vote" { try add(json: tag[1], in: event.pubkey) }
  }

  /// `txid:<64 hex>`, nothing else.
  private mutating func add(transaction: Text?) throws {
    try count()
    guard let fields = transaction?.fields, fields.count == 2, fields[0] == "txid", let id = Bytes32(hex: fields[1].bytes) else {
      throw CollectivesRejection.notAnEvent
    }
    if !set.transactions.contains(id) { set.transactions.append(id) }
  }

  private mutating func add(reference: Text?) throws {
    try count()
    guard let id = reference.flatMap({ EventID(hex: $0) }) else { throw CollectivesRejection.notAnEvent }
    if indices[id] == nil, !set.references.contains(id) { set.references.append(id) }
  }

  /// The receipts, valid in themselves (4.8), in the order in which they are applied; and who signs whose.
  private mutating func readReceipts() throws {
    for proof in set.proofs[asked...] where proof.kind == .profile {
      guard let profile = Profile(proof.event) else { continue }
      if let known = set.profiles[proof.event.pubkey], !profile.isNewer(than: known) { continue }
      set.profiles[proof.event.pubkey] = profile
    }
    asked = set.proofs.count
    let known = Set(set.receipts.map(\.id))
    for proof in set.proofs where proof.kind == .receipt && !known.contains(proof.id) {
      try count()
      set.receipts.append(try Receipt(proof.event, verifier))
    }
    set.receipts.sort { ($0.createdAt, $0.id) < ($1.createdAt, $1.id) }
  }
}

/// Whether an event object has exactly NIP-01's seven fields; the parser, which asks for all of them, lets others pass.
enum SevenFields {
  /// - Parameter json: an object that was parsed before.
  static func hold(_ json: [UInt8]) -> Bool {
    var depth = 0
    var members = 0
    var isInString = false
    var isEscaped = false
    for byte in json {
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == UInt8(ascii: "\\") {
          isEscaped = true
        } else if byte == UInt8(ascii: "\"") {
          isInString = false
        }
        continue
      }
      switch byte {
      case UInt8(ascii: "\""): isInString = true
      case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
      case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
      case UInt8(ascii: ":") where depth == 1: members += 1
      default: continue
      }
    }
    return members == 7
  }
}
