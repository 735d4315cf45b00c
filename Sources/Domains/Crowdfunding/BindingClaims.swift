// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

/// What a reaction says of its campaign's binding (K6). Kept, since a displacement (C12) may make it untrue.
struct BindingClaims: Equatable, Sendable {
  /// The last `p`: the Bien, or the map cell.
  let pubkey: PublicKey?
  /// The last `i`, the Bien's wallet.
  let wallet: Bytes32?

  func hold(for campaign: CampaignRecord) -> Bool { isKeyTrue(for: campaign) && isWalletTrue(for: campaign) }
  func isKeyTrue(for campaign: CampaignRecord) -> Bool { pubkey.map { $0 == campaign.bien || $0 == campaign.cell } ?? true }
  func isWalletTrue(for campaign: CampaignRecord) -> Bool { wallet.map { $0 == campaign.wallet?.key } ?? true }
}

extension RecordWriter {
  // pubkey ? · wallet ?
  mutating func put(_ claims: BindingClaims) {
    put(optional: claims.pubkey) { $0.put($1) }
    put(optional: claims.wallet) { $0.put($1) }
  }
}

extension RecordReader {
  mutating func bindingClaims() throws -> BindingClaims {
    let pubkey = try optional { try $0.publicKey() }
    return BindingClaims(pubkey: pubkey, wallet: try optional { try $0.bytes32() })
  }
}
