// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

/// What a reaction says of its campaign's binding (K6).
struct BindingClaims: Equatable, Sendable {
  /// The last `p`: the Bien, or the map cell.
  let pubkey: PublicKey?
  /// The last `i`, the Bien's wallet; read live only.
  let wallet: Bytes32?

  func isKeyTrue(for campaign: CampaignRecord) -> Bool { pubkey.map { $0 == campaign.bien || $0 == campaign.cell } ?? true }
  func isWalletTrue(for campaign: CampaignRecord) -> Bool { wallet.map { $0 == campaign.wallet?.key } ?? true }
}
