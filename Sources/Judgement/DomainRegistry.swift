// SPDX-License-Identifier: AGPL-3.0-or-later
import Ledger
import Nostr
import Policy

/// The domains of this program, in the order in which they are asked whether an event is theirs.
public struct DomainRegistry: Sendable {
  public let validators: [any Validator]

  public init(_ validators: [any Validator]) { self.validators = validators }

  /// Every table that the store has to open.
  public var tables: [Table] { Ledger.tables + validators.flatMap { $0.tables } }

  /// Kinds that only domains of ours have: whoever finds one finds a past of ours.
  public var kindsOfThePast: [UInt64] { validators.flatMap { $0.ownKinds } }

  public func validator(of domain: Domain) -> (any Validator)? { validators.first { $0.domain == domain } }

  /// Which domains may own an event; without heap for an event that nobody claims.
  ///
  /// One domain owns an event; a kind 5 may concern several (architecture, law 6).
  func claimants(of event: borrowing EventSlices) -> Claimants {
    var claimants = Claimants()
    for (index, validator) in validators.enumerated() {
      switch validator.claim(on: event) {
      case .none: continue
      case .owned: claimants.owned.insert(index)
      case .dependsOnState: claimants.dependent.insert(index)
      }
    }
    return claimants
  }
}

/// Indices of validators, as bits.
struct Claimants {
  struct Indices {
    private var bits: UInt32 = 0

    var isEmpty: Bool { bits == 0 }
    mutating func insert(_ index: Int) { bits |= 1 << UInt32(index & 31) }
    func contains(_ index: Int) -> Bool { bits >> UInt32(index & 31) & 1 == 1 }
  }

  /// Theirs whatever the state says.
  var owned = Indices()
  /// Theirs if what the event names is.
  var dependent = Indices()

  var isEmpty: Bool { owned.isEmpty && dependent.isEmpty }
}
