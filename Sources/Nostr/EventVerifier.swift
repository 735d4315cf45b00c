// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography

/// What the check of id and signature says.
public enum Verification: Sendable, Hashable {
  case valid, badID, badSignature
}

/// Checks that an event's id is the hash of its NIP-01 serialisation, and its signature one of that id by its pubkey.
///
/// No heap after `init` but for what it returns. Not thread-safe: each thread has its own.
public final class EventVerifier {
  private let hash: HashBuffer
  private let schnorr: SchnorrVerifier

  /// - Parameter cachedKeys: how many authors' parsed keys to keep, about 96 bytes each.
  public init(cachedKeys: Int = 4096) throws(CryptographyError) {
    hash = try HashBuffer()
    schnorr = SchnorrVerifier(cachedKeys: cachedKeys)
  }

  /// Checks the event where it lies.
  public func verify(_ slices: borrowing EventSlices) -> Verification {
    guard idHolds(slices) else { return .badID }
    let (id, pubkey) = (slices.id, slices.pubkey)
    return slices.signature.withPointer { schnorr.verify(signature: $0, digest: id, publicKey: pubkey) } ? .valid : .badSignature
  }

  /// Checks the event where it lies, and copies it out of the line.
  public func verifiedEvent(_ slices: borrowing EventSlices) throws(EventVerificationError) -> VerifiedEvent {
    switch verify(slices) {
    case .badID: throw .badID
    case .badSignature: throw .badSignature
    case .valid: break
    }
    do {
      return VerifiedEvent(checked: try slices.decode())
    } catch {
      throw .parse(error)
    }
  }

  /// Checks an event by its raw bytes.
  public func verify(_ event: Event) throws(EventVerificationError) -> VerifiedEvent {
    let verification: Verification
    do {
      verification = try EventSlices.withParsed(event.raw) { verify($0) }
    } catch {
      throw .parse(error)
    }
    switch verification {
    case .badID: throw .badID
    case .badSignature: throw .badSignature
    case .valid: return VerifiedEvent(checked: event)
    }
  }

  /// The raw slices are hashed where they have NIP-01's form already, as all that strfry sends have. Where they have not, or the hash
  /// differs, the event is serialised again: U+007F can be written in two ways, and which one the author's client chose is lost in transit.
  private func idHolds(_ slices: borrowing EventSlices) -> Bool {
    if slices.isCanonical {
      hashHead(slices)
      hash.append(slices.bytes(slices.tagsSlice))
      hash.append(UInt8(ascii: ","))
      hash.append(slices.bytes(slices.contentSlice))
      hash.append(UInt8(ascii: "]"))
      if hash.finish() == slices.id { return true }
    }
    if serialisedAgain(slices, escapesDelete: false) == slices.id { return true }
    return serialisedAgain(slices, escapesDelete: true) == slices.id
  }

  @inline(never)
  private func serialisedAgain(_ slices: borrowing EventSlices, escapesDelete: Bool) -> Bytes32 {
    hashHead(slices)
    NIP01Form.hash(slices.line, slices.tagsSlice, escapesDelete: escapesDelete, into: hash)
    hash.append(UInt8(ascii: ","))
    NIP01Form.hash(slices.line, slices.contentSlice, escapesDelete: escapesDelete, into: hash)
    hash.append(UInt8(ascii: "]"))
    return hash.finish()
  }

  /// `[0,"<pubkey>",<created_at>,<kind>,`: these have only one form, the parser accepts no other.
  private func hashHead(_ slices: borrowing EventSlices) {
    hash.append("[0,")
    hash.append(slices.bytes(slices.pubkeySlice))
    hash.append(UInt8(ascii: ","))
    hash.append(slices.bytes(slices.createdAtSlice))
    hash.append(UInt8(ascii: ","))
    hash.append(slices.bytes(slices.kindSlice))
    hash.append(UInt8(ascii: ","))
  }
}
