// SPDX-License-Identifier: AGPL-3.0-or-later
import StateStore

/// How events are judged, from the configuration.
public struct JudgeOptions: Sendable, Equatable {
  /// Recompute id and signature of every event, or only of those a domain claims (`verify`).
  public var verifiesAll: Bool
  /// Refuse what nobody claims (`unclaimed`).
  public var rejectsUnclaimed: Bool
  /// Write follow-ups to the outbox; a rebuild leaves them out, since they were published when the events were first judged.
  public var writesFollowUps: Bool
  /// How much may wait for what is missing.
  public var parking: ParkingLimits
  /// The longest JSON of an event that a relay stores (`relay.maxEventBytes`); claimed events that are longer are refused, whatever their source.
  public var maxEventBytes: Int
  /// What is known of the other relays.
  public var constellation: ConstellationOptions
  /// How long released events are judged in one write transaction, for which requests may have to wait: after that no further one is begun. Nothing is
  /// judged by this time.
  public var releasedFor = Duration.milliseconds(25)

  public init(
    verifiesAll: Bool = true, rejectsUnclaimed: Bool = false, writesFollowUps: Bool = true, parking: ParkingLimits = .standard,
    maxEventBytes: Int = 65_536, constellation: ConstellationOptions = ConstellationOptions()
  ) {
    self.verifiesAll = verifiesAll
    self.rejectsUnclaimed = rejectsUnclaimed
    self.writesFollowUps = writesFollowUps
    self.parking = parking
    self.maxEventBytes = maxEventBytes
    self.constellation = constellation
  }
}
