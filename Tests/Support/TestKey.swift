// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr

/// An author for tests: the same name always gives the same key.
public struct TestKey: Sendable {
  public let name: String
  public let key: SigningKey
  /// The 32 bytes, for tests that write a key to a file.
  public let secret: [UInt8]

  /// The secret is the SHA-256 of `commonsguard test key <name>`.
  public init(_ name: String) {
    self.name = name
    secret = SHA256.digest(of: Array("commonsguard test key \(name)".utf8)).bytes
    do {
      key = try SigningKey(secret: secret)
    } catch {
      preconditionFailure("test key \(name): \(error)")
    }
  }

  public init(_ number: Int) { self.init(String(number)) }

  public var pubkey: PublicKey { PublicKey(key.publicKey) }
  /// 64 lowercase hex digits of the public key.
  public var hex: String { pubkey.hex }

  /// The JSON of a really signed event, minified, keys in strfry's order.
  /// Traps on control characters that `UnsignedEvent` refuses: such events are made with `signedRaw`.
  public func json(kind: UInt64, createdAt: UInt64 = 1_700_000_000, tags: [[String]] = [], content: String = "") -> [UInt8] {
    do {
      return try UnsignedEvent(pubkey: pubkey, createdAt: createdAt, kind: kind, tags: tags, content: content).signed(by: key)
    } catch {
      preconditionFailure("test event: \(error)")
    }
  }

  /// A really signed event.
  public func event(kind: UInt64, createdAt: UInt64 = 1_700_000_000, tags: [[String]] = [], content: String = "") -> Event {
    do {
      return try Event(parsing: json(kind: kind, createdAt: createdAt, tags: tags, content: content))
    } catch {
      preconditionFailure("test event: \(error)")
    }
  }

  /// As `event`, verified.
  public func verified(kind: UInt64, createdAt: UInt64 = 1_700_000_000, tags: [[String]] = [], content: String = "") -> VerifiedEvent {
    do {
      return try EventVerifier(cachedKeys: 1).verify(event(kind: kind, createdAt: createdAt, tags: tags, content: content))
    } catch {
      preconditionFailure("test event: \(error)")
    }
  }

  /// An event whose `tags` and `content` are the raw JSON given. The id is the hash with `hashedTags` and `hashedContent` (by default the
  /// same bytes), so that an id can be over another form than the one sent.
  public func signedRaw(
    kind: UInt64 = 1, createdAt: UInt64 = 1_700_000_000, tags: String, content: String, hashedTags: String? = nil, hashedContent: String? = nil
  ) -> [UInt8] {
    let form = "[0,\"\(hex)\",\(createdAt),\(kind),\(hashedTags ?? tags),\(hashedContent ?? content)]"
    let id = SHA256.digest(of: Array(form.utf8))
    do {
      let signature = Hex.string(try key.sign(id))
      let head = "{\"content\":\(content),\"created_at\":\(createdAt),\"id\":\"\(id.hex)\",\"kind\":\(kind)"
      return Array("\(head),\"pubkey\":\"\(hex)\",\"sig\":\"\(signature)\",\"tags\":\(tags)}".utf8)
    } catch {
      preconditionFailure("test event: \(error)")
    }
  }
}
