// SPDX-License-Identifier: AGPL-3.0-or-later

extension VerifiedEvent {
  /// As `Event.address`.
  public var address: Address? { event.address }
  /// As `Event.kindClass`.
  public var kindClass: KindClass { event.kindClass }
  /// As `Event.reactedEvent`.
  public var reactedEvent: EventID? { event.reactedEvent }
  /// As `Event.reactedAuthor`.
  public var reactedAuthor: PublicKey? { event.reactedAuthor }
  /// As `Event.deletionTargets`.
  public var deletionTargets: DeletionTargets { event.deletionTargets }
  /// As `Event.expiration`.
  public var expiration: UInt64? { event.expiration }
  /// As `Event.isExpired(at:)`.
  public func isExpired(at time: UInt64) -> Bool { event.isExpired(at: time) }
}
