// SPDX-License-Identifier: AGPL-3.0-or-later
import Configuration
import Cryptography
import Delivery
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
      options: DeliveryOptions(nodeKey: configuration.node.publicKey, attempts: UInt32(clamping: configuration.delivery.attempts)),
      key: { try keyFile.map(Self.key) }, sink: sink(configuration.delivery), diagnostics: diagnostics)
  }

  /// The bytes of the secret are wiped as soon as the key is made.
  private static func key(_ path: String) throws -> SigningKey {
    var secret = try SecretKeyFile.read(path)
    defer { for index in secret.indices { secret[index] = 0 } }
    return try SigningKey(secret: secret)
  }

  private static func sink(_ delivery: Configuration.Delivery) -> (any Sink)? {
    switch delivery.sink {
    case .none: nil
    case .file(let path): FileSink(path: path)
    case .command(let command):
      CommandSink(arguments: command, confirmer: delivery.confirm.isEmpty ? nil : Confirmer(arguments: delivery.confirm))
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
