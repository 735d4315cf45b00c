// SPDX-License-Identifier: AGPL-3.0-or-later
import Configuration
import Delivery
import Glibc
import Judgement
import Plugin
import Policy
import StateStore

/// Keeps the plugin's engine: opens the configuration and the state, follows changes of the configuration, and tries again what failed.
///
/// Belongs to the request loop's thread.
final class PluginEngine: EngineSource {
  private let arguments: Arguments
  private let log: LogRenderer
  private let watcher: ConfigurationWatcher
  private var engine = Engine.unavailable(Engine.notConfigured)
  private var lookedAt: Int?
  private var store: StateStore?
  private var counters: CounterFile?
  private var delivery: DeliveryThread?
  /// The state that is open; another one is taken at the next start.
  private var openState: Configuration.State?
  /// What the last failure said, so that it is logged once.
  private var lastFailure: String?

  init(_ arguments: Arguments, _ log: LogRenderer) {
    self.arguments = arguments
    self.log = log
    let environment = Installation.environment
    watcher = ConfigurationWatcher(
      ConfigurationFile.locate(explicit: arguments.configurationFile, environment: environment), environment: environment)
  }

  func begin() {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
    _ = engine(at: time.tv_sec)
  }

  func noteWrite() { delivery?.noteWrite() }

  func engine(at seconds: Int) -> Engine {
    if lookedAt == seconds { return engine }
    lookedAt = seconds
    follow(watcher.reloadIfChanged(now: UInt64(max(0, seconds))))
    return engine
  }

  private func follow(_ outcome: ReloadOutcome) {
    switch outcome {
    case .changed(var configuration):
      if let directory = arguments.stateDirectory { configuration.state.path = directory }
      log.use(configuration.log)
      open(configuration, isReload: openState != nil)
    case .failed(let errors):
      for error in errors { log.write(Diagnostic(.error, "configuration.invalid", error.description)) }
      if watcher.current != nil { log.write(Diagnostic(.warning, "configuration.kept", "the last good configuration stays in force")) }
    case .unchanged:
      // The state could not be opened: try again.
      if openState == nil, var configuration = watcher.current {
        if let directory = arguments.stateDirectory { configuration.state.path = directory }
        open(configuration, isReload: false)
      }
    }
  }

  private func open(_ configuration: Configuration, isReload: Bool) {
    do {
      try KindCollisions.check(configuration)
      let store = try self.store ?? StateStore(Installation.storeOptions(configuration))
      self.store = store
      try GroupKindsNote.check(configuration, store, isReadOnly: false)
      if let change = try SettingsNote.follow(configuration, store) { log.write(change) }
      if counters == nil { counters = try? CounterFile(directory: configuration.state.path + "/counters") }
      let judge = try Judge(store: store, registry: Registry.domains(configuration), options: Installation.judgeOptions(configuration))
      engine = .ready(judge, counters)
      lastFailure = nil
      deliver(configuration, store)
      if let openState, openState != configuration.state {
        log.write(Diagnostic(.warning, "configuration.restart-needed", "state.* takes effect when the plugin is started again"))
      }
      openState = openState ?? configuration.state
      log.write(
        Diagnostic(
          .info, isReload ? "plugin.reloaded" : "plugin.started",
          isReload ? "the configuration was read again" : "commonsguard \(Help.version) judges",
          fields: [.init("state", configuration.state.path)]))
    } catch {
      let failure = Failure(error).message
      if failure != lastFailure { log.write(Diagnostic(.error, "state.unavailable", failure)) }
      lastFailure = failure
      // Once something judges, it goes on judging by the last good configuration.
      if case .ready = engine { return }
      engine = .unavailable(Failure(error).status == .configuration ? Engine.notConfigured : Engine.stateUnavailable)
    }
  }

  /// Starts the worker that the configuration asks for, in the place of the one before.
  private func deliver(_ configuration: Configuration, _ store: StateStore) {
    delivery?.stop()
    delivery = nil
    var configuration = configuration
    if let openState { configuration.state = openState }
    let log = log
    do {
      delivery = try DeliverySetup.thread(configuration, store) { log.write($0) }
      if delivery?.start() == false { log.write(Diagnostic(.error, "delivery.no-thread", "the delivery worker cannot be started")) }
    } catch {
      log.write(Diagnostic(.error, "delivery.unavailable", "\(error)"))
    }
  }
}
