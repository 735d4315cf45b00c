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
  /// - Parameter isReadOnly: for commands that only look: they never make a state, and leave no file of another owner behind.
  func store(isReadOnly: Bool = false) throws -> StateStore {
    let store = try StateStore(Self.storeOptions(configuration, isReadOnly: isReadOnly))
    try GroupKindsNote.check(configuration, store, isReadOnly: isReadOnly)
    return store
  }

  /// Opens a state that is there already, to write to it: for commands that change something in it. Throws a `StoreError`.
  func existingStore() throws -> StateStore {
    guard access(configuration.state.path + "/data.mdb", F_OK) == 0 else { throw StoreError.missing(directory: configuration.state.path) }
    return try store()
  }

  static func storeOptions(_ configuration: Configuration, isReadOnly: Bool = false) -> StoreOptions {
    var options = StoreOptions(
      directory: configuration.state.path, tables: Registry.tables, mapSizeMiB: configuration.state.mapSizeMiB,
      durability: configuration.state.durability == .full ? .full : .relaxed, isReadOnly: isReadOnly)
    options.firstNotes = GroupKindsNote.first(configuration)
    return options
  }

  static func judgeOptions(_ configuration: Configuration, writesFollowUps: Bool = true) -> JudgeOptions {
    JudgeOptions(
      verifiesAll: configuration.verifiesAll, rejectsUnclaimed: configuration.rejectsUnclaimed, writesFollowUps: writesFollowUps,
      maxEventBytes: configuration.maxEventBytes)
  }

  func judge(_ store: StateStore, writesFollowUps: Bool = true) throws -> Judge {
    try Judge(store: store, registry: registry, options: Self.judgeOptions(configuration, writesFollowUps: writesFollowUps))
  }
}

/// A state that is gone when the command ends.
final class TemporaryState {
  let directory: String

  init() throws {
    let parent = Installation.environment["TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    var template = Array("\(parent)/commonsguard-XXXXXX".utf8CString)
    guard template.withUnsafeMutableBufferPointer({ $0.baseAddress.flatMap { mkdtemp($0) } }) != nil else {
      throw Failure(.state, "a temporary directory cannot be made in \(parent); set TMPDIR")
    }
    directory = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { try? FileManager.default.removeItem(atPath: directory) }
}
