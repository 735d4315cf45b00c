// SPDX-License-Identifier: AGPL-3.0-or-later
import Configuration
import Cryptography
import Delivery
import Glibc
import Judgement
import Policy
import StateStore

/// Makes the delivery worker that a configuration asks for.
enum DeliverySetup {
  static func worker(_ configuration: Configuration, _ store: StateStore, _ diagnostics: @escaping @Sendable (Diagnostic) -> Void) throws
    -> DeliveryWorker
  {
    let registry = Registry.domains(configuration)
    let judge = try Judge(store: store, registry: registry, options: Installation.judgeOptions(configuration))
    let keyFile = configuration.node.secretKeyFile
    return DeliveryWorker(
      store: store, registry: registry, judge: judge,
      options: DeliveryOptions(
        nodeKey: configuration.node.publicKey, attempts: UInt32(clamping: configuration.delivery.attempts),
        confirmAfterSeconds: configuration.delivery.confirmAfterSeconds),
      key: { try keyFile.map(Self.key) }, keyMark: { Self.keyMark(configuration.node) }, sink: sink(configuration),
      stored: configuration.delivery.confirm.isEmpty ? nil : Confirmer(arguments: configuration.delivery.confirm),
      diagnostics: diagnostics)
  }

  /// The bytes of the secret are wiped as soon as the key is made.
  private static func key(_ path: String) throws -> SigningKey {
    var secret = try SecretKeyFile.read(path)
    defer { secret.wipe() }
    return try SigningKey(secret: secret)
  }

  /// What changes when the key may be another one, without a look into it: where it is to be found, by whom, and what the file system says.
  private static func keyMark(_ node: Configuration.Node) -> [UInt8] {
    var mark = "\(node.publicKey?.hex ?? "") \(geteuid())"
    if let path = node.secretKeyFile {
      var facts = stat()
      mark += stat(path, &facts) == 0 ? " \(path) \(words(facts))" : " \(path): \(errno)"
    }
    return SHA256.digest(of: Array(mark.utf8)).bytes
  }

  private static func words(_ facts: stat) -> String {
    let (modified, changed) = (facts.st_mtim, facts.st_ctim)
    let times = "\(modified.tv_sec).\(modified.tv_nsec) \(changed.tv_sec).\(changed.tv_nsec)"
    return "\(facts.st_dev) \(facts.st_ino) \(facts.st_size) \(facts.st_mode) \(facts.st_uid) \(times)"
  }

  private static func sink(_ configuration: Configuration) -> (any Sink)? {
    let delivery = configuration.delivery
    return switch delivery.sink {
    case .none: nil
    case .file(let path): FileSink(path: path)
    case .command(let command):
      CommandSink(
        arguments: command, confirmer: delivery.confirm.isEmpty ? nil : Confirmer(arguments: delivery.confirm),
        maxEventBytes: configuration.maxEventBytes - 1)
    }
  }

  /// The plugin's own thread: it delivers where `delivery.inProcess` says so, and syncs relaxed commits; nil when there is nothing to do for it.
  static func thread(
    _ configuration: Configuration, _ store: StateStore, _ diagnostics: @escaping @Sendable (Diagnostic) -> Void
  ) throws -> DeliveryThread? {
    let isRelaxed = configuration.state.durability == .relaxed
    guard configuration.delivery.inProcess || isRelaxed else { return nil }
    let makeWorker: (@Sendable () throws -> DeliveryWorker)? =
      configuration.delivery.inProcess ? { @Sendable in try worker(configuration, store, diagnostics) } : nil
    return try DeliveryThread(
      store: store, stateDirectory: configuration.state.path, syncs: isRelaxed, makeWorker: makeWorker, diagnostics: diagnostics)
  }
}
