// SPDX-License-Identifier: AGPL-3.0-or-later
import Configuration
import FoundationEssentials
import Glibc
import Judgement
import Policy
import StateStore

/// What a command works on: the configuration in force, and the state that it names.
struct Installation {
  let arguments: Arguments
  var configuration: Configuration

  static var environment: [String: String] { ProcessInfo.processInfo.environment }

  /// Reads the configuration. Throws `ConfigurationErrors`.
  init(_ arguments: Arguments) throws {
    self.arguments = arguments
    let location = ConfigurationFile.locate(explicit: arguments.configurationFile, environment: Self.environment)
    configuration = try ConfigurationFile.load(location, environment: Self.environment)
    try KindCollisions.check(configuration)
    if let directory = arguments.stateDirectory { configuration.state.path = directory }
  }

  var registry: DomainRegistry { Registry.domains(configuration) }

  /// Opens the state. Throws a `StoreError`.
  /// - Parameters:
  ///   - isReadOnly: for commands that only look.
  ///   - creates: makes a state where there is none. Only for commands that begin one: elsewhere a mistyped path has to be told.
  func store(isReadOnly: Bool = false, creates: Bool = false) throws -> StateStore {
    var options = Self.storeOptions(configuration, isReadOnly: isReadOnly)
    options.creates = creates
    let store = try StateStore(options)
    try GroupKindsNote.check(configuration, store, isReadOnly: isReadOnly)
    return store
  }

  /// Opens a state that is there already, to write to it: for commands that change something in it. Throws a `StoreError`.
  func existingStore() throws -> StateStore { try store() }

  static func storeOptions(_ configuration: Configuration, isReadOnly: Bool = false) -> StoreOptions {
    var options = StoreOptions(
      directory: configuration.state.path, tables: Registry.tables, mapSizeMiB: configuration.state.mapSizeMiB,
      durability: configuration.state.durability == .full ? .full : .relaxed, isReadOnly: isReadOnly)
    options.firstNotes = GroupKindsNote.first(configuration) + SettingsNote.first(configuration)
    return options
  }

  static func judgeOptions(_ configuration: Configuration, writesFollowUps: Bool = true) -> JudgeOptions {
    JudgeOptions(
      verifiesAll: configuration.verifiesAll, rejectsUnclaimed: configuration.rejectsUnclaimed, writesFollowUps: writesFollowUps,
      parking: parking(configuration), maxEventBytes: configuration.maxEventBytes,
      constellation: ConstellationOptions(
        followUps: configuration.followUps, peers: configuration.peers, updatesPerDay: UInt32(clamping: configuration.updatesPerDay)))
  }

  private static func parking(_ configuration: Configuration) -> ParkingLimits {
    var limits = ParkingLimits()
    limits.events = configuration.parking.maxEvents
    limits.bytes = configuration.parking.maxMiB.map { $0 << 20 } ?? ParkingLimits.bytes(mapSizeMiB: configuration.state.mapSizeMiB)
    limits.seconds = UInt64(clamping: configuration.parking.keepDays) * 86_400
    // What a relay can store can wait.
    limits.bytesForEachEvent = max(limits.bytesForEachEvent, configuration.maxEventBytes)
    limits.knownKeys = configuration.crowdfunding.captains.union(configuration.followUps.nodes)
    return limits
  }

  func judge(_ store: StateStore, writesFollowUps: Bool = true) throws -> Judge {
    try Judge(store: store, registry: registry, options: Self.judgeOptions(configuration, writesFollowUps: writesFollowUps))
  }
}
