// SPDX-License-Identifier: AGPL-3.0-or-later
import Judgement

/// What a state says of one domain, in few digits.
struct DomainDigest: Equatable, Sendable {
  let domain: String
  let digest: String

  static func list(_ digest: StateDigest) -> [DomainDigest] { digest.domains.map { DomainDigest(domain: $0.domain.name, digest: $0.digest.hex) } }
}
