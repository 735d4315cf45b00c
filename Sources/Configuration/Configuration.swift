// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Crowdfunding
import Groups
import Nostr
import Policy

/// The settings in force, checked and typed. Made by `Configuration.parse` and `ConfigurationFile`.
public struct Configuration: Sendable, Equatable {
  public struct State: Sendable, Equatable {
    public enum Durability: String, Sendable {
      /// On disk before the answer.
      case full
      /// fsync within a second.
      case relaxed
    }

    /// The folder of the LMDB environment.
    public var path: String
    public var mapSizeMiB: Int
    public var durability: Durability

    public init(path: String, mapSizeMiB: Int, durability: Durability) {
      self.path = path
      self.mapSizeMiB = mapSizeMiB
      self.durability = durability
    }
  }

  public struct Node: Sendable, Equatable {
    public var publicKey: PublicKey?
    /// For the delivery worker alone.
    public var secretKeyFile: String?

    public init(publicKey: PublicKey?, secretKeyFile: String?) {
      self.publicKey = publicKey
      self.secretKeyFile = secretKeyFile
    }
  }

  /// How much may wait for what it names.
  public struct Parking: Sendable, Equatable {
    public var maxEvents: Int
    /// nil: an eighth of the map.
    public var maxMiB: Int?
    public var keepDays: Int

    public init(maxEvents: Int, maxMiB: Int?, keepDays: Int) {
      self.maxEvents = maxEvents
      self.maxMiB = maxMiB
      self.keepDays = keepDays
    }
  }

  public struct Delivery: Sendable, Equatable {
    public enum Sink: Sendable, Equatable {
      case none
      /// JSON Lines are appended to this file.
      case file(String)
      /// This argument vector is run and fed on stdin.
      case command([String])
    }

    public var sink: Sink
    /// The argument vector that tells what is stored; empty: handed over is delivered.
    public var confirm: [String]
    /// An event that was accepted live is looked up so long after its answer.
    public var confirmAfterSeconds: UInt64
    public var attempts: Int
    /// Deliver from a thread of the plugin.
    public var inProcess: Bool

    public init(sink: Sink, confirm: [String], confirmAfterSeconds: UInt64 = 30, attempts: Int, inProcess: Bool) {
      self.sink = sink
      self.confirm = confirm
      self.confirmAfterSeconds = confirmAfterSeconds
      self.attempts = attempts
      self.inProcess = inProcess
    }
  }

  public struct Log: Sendable, Equatable {
    public enum Format: String, Sendable { case text, json }

    public var level: Diagnostic.Level
    public var format: Format

    public init(level: Diagnostic.Level, format: Format) {
      self.level = level
      self.format = format
    }
  }

  public var state: State
  /// strfry.conf.
  public var relayConfigFile: String?
  /// The longest JSON of an event that relays store, in bytes.
  public var maxEventBytes: Int
  /// Other relays, whose clients' events are judged as from sync.
  public var peers: Set<NetworkAddress>
  /// So many live versions of one address are taken in a UTC day.
  public var updatesPerDay: Int
  /// Recompute id and signature of every event; else only of those that a domain claims.
  public var verifiesAll: Bool
  /// Refuse events that no domain claims.
  public var rejectsUnclaimed: Bool
  public var node: Node
  /// What this node publishes, and which nodes it believes.
  public var followUps: FollowUpOptions
  public var crowdfunding: CrowdfundingOptions
  public var collectives: CollectivesOptions
  public var groups: GroupsOptions
  public var parking: Parking
  public var delivery: Delivery
  public var log: Log
  /// Files that the configuration names and that were read with it: when one changes, the configuration is read again.
  public var readFiles: [String]
}
