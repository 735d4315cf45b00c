// SPDX-License-Identifier: AGPL-3.0-or-later
import Configuration
import Delivery
import Glibc
import Judgement
import Plugin
import Policy
import StateStore
import Synchronization

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
  /// What the delivery thread says; silent once its state was given up.
  private var deliveryVoice = Voice()
  /// The state that is open; another one is taken at the next start.
  private var openState: Configuration.State?
  /// Where a state was open that is gone: nobody has asked for a new one to be made there.
  private var lostPath: String?
  /// What was said about a state that cannot be opened or kept, so that it is said once.
  private var troubles = FaultLog()
  private var isLossSaid = false
  /// The last opening waited for another process, in vain: the next one waits only a moment.
  private var isHeldUp = false

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

  func noteFault() -> Bool { !confirm() }

  func engine(at seconds: Int) -> Engine {
    if lookedAt == seconds { return engine }
    lookedAt = seconds
    _ = confirm()
    follow(watcher.reloadIfChanged(now: UInt64(max(0, seconds))))
    return engine
  }

  /// Holds the open state against what is on the disk, and gives it up when it is no longer that: what is accepted into a file that is gone is lost.
  private func confirm() -> Bool {
    guard let store else { return true }
    do {
      try store.confirm()
      return true
    } catch {
      isLossSaid = tell(Failure(error).message)
      deliveryVoice.silence()
      delivery?.stop()
      delivery = nil
      store.close()
      self.store = nil
      counters = nil
      lostPath = openState?.path
      openState = nil
      engine = .unavailable(Engine.stateUnavailable)
      return false
    }
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
    let began = Self.seconds
    do {
      try KindCollisions.check(configuration)
      let store = try self.store ?? openStore(configuration)
      self.store = store
      try GroupKindsNote.check(configuration, store, isReadOnly: false)
      if let change = try SettingsNote.follow(configuration, store) { log.write(change) }
      if counters == nil { counters = openCounters(configuration) }
      let judge = try Judge(store: store, registry: Registry.domains(configuration), options: Installation.judgeOptions(configuration))
      engine = .ready(judge, counters)
      deliver(configuration, store)
      if let openState, openState != configuration.state {
        log.write(Diagnostic(.warning, "configuration.restart-needed", "state.* takes effect when the plugin is started again"))
      }
      openState = openState ?? configuration.state
      let (name, words) =
        isReload
        ? ("plugin.reloaded", "the configuration was read again")
        : lostPath == nil ? ("plugin.started", "commonsguard \(Help.version) judges") : ("state.reopened", "the state is open again")
      // One that comes and goes, as on a full disk, is told of once.
      if lostPath == nil || isLossSaid { log.write(Diagnostic(.info, name, words, fields: [.init("state", configuration.state.path)])) }
      lostPath = nil
      isHeldUp = false
    } catch {
      let failure = Failure(error).message
      // That it is gone was said when it went.
      let isSaid = if case StoreError.missing = error { lostPath == configuration.state.path } else { false }
      if !isSaid, tell(failure) { isLossSaid = true }
      isHeldUp = Self.seconds - began > 1
      // Once something judges, it goes on judging by the last good configuration.
      if case .ready = engine { return }
      engine = .unavailable(Failure(error).status == .configuration ? Engine.notConfigured : Engine.stateUnavailable)
    }
  }

  /// Says what is wrong with the state, unless it was said in the last minutes. Returns whether it did.
  private func tell(_ words: String) -> Bool {
    guard troubles.news(words, at: Self.seconds) == .new else { return false }
    log.write(Diagnostic(.error, "state.unavailable", words))
    return true
  }

  private static var seconds: Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec
  }

  private func openStore(_ configuration: Configuration) throws -> StateStore {
    var options = Installation.storeOptions(configuration)
    options.creates = configuration.state.path != lostPath
    if isHeldUp { options.waitMilliseconds = 200 }
    return try StateStore(options)
  }

  /// Nil when there can be none: judging goes on without.
  private func openCounters(_ configuration: Configuration) -> CounterFile? {
    do { return try CounterFile(directory: configuration.state.path + "/counters") } catch {
      let words = "what this process does is not counted: \(error)"
      if troubles.news(words, at: Self.seconds) == .new { log.write(Diagnostic(.warning, "counters.unavailable", words)) }
      return nil
    }
  }

  /// Starts the worker that the configuration asks for, in the place of the one before.
  private func deliver(_ configuration: Configuration, _ store: StateStore) {
    delivery?.stop()
    delivery = nil
    var configuration = configuration
    if let openState { configuration.state = openState }
    let (log, voice) = (log, Voice())
    deliveryVoice = voice
    do {
      delivery = try DeliverySetup.thread(configuration, store) { if !voice.isSilent { log.write($0) } }
      if delivery?.start() == false { log.write(Diagnostic(.error, "delivery.no-thread", "the delivery worker cannot be started")) }
    } catch {
      log.write(Diagnostic(.error, "delivery.unavailable", "\(error)"))
    }
  }
}

/// Whether somebody is still to be heard.
private final class Voice: Sendable {
  private let silent = Atomic<Bool>(false)

  var isSilent: Bool { silent.load(ordering: .relaxed) }
  func silence() { silent.store(true, ordering: .relaxed) }
}
