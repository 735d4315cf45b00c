// SPDX-License-Identifier: AGPL-3.0-or-later
import Configuration
import Glibc

/// `check-config`: reads the configuration, holds what lies outside it against it, and says what is wrong.
enum CheckConfigCommand {
  static func run(_ arguments: Arguments, _ what: Arguments.Command.CheckConfig) throws -> ExitStatus {
    switch what {
    case .defaults where arguments.printsJSON: for key in ConfigurationSchema.keys { Console.print(json(key).line) }
    case .defaults: Console.write(ConfigurationSchema.defaultsDocument(), to: STDOUT_FILENO)
    case .reference: Console.write(ConfigurationSchema.referenceMarkdown(), to: STDOUT_FILENO)
    case .check: return check(arguments)
    }
    return .done
  }

  private static func json(_ key: ConfigurationKey) -> JSONOutput {
    .object([
      ("key", .string(key.path)), ("values", .string(key.valuesText)), ("default", .verbatim(Array(key.defaultValue.json.utf8))),
      ("meaning", .string(key.summary)), ("available", .boolean(key.availability == .built)),
    ])
  }

  private static func check(_ arguments: Arguments) -> ExitStatus {
    let location = ConfigurationFile.locate(explicit: arguments.configurationFile, environment: Installation.environment)
    let name =
      switch location {
      case .file(let path): path
      case .builtIn: "built-in defaults"
      }
    var (errors, warnings): ([ConfigurationError], [ConfigurationError]) = ([], [])
    var understood: Configuration?
    do throws(ConfigurationErrors) {
      var configuration = try ConfigurationFile.load(location, environment: Installation.environment)
      if let directory = arguments.stateDirectory { configuration.state.path = directory }
      understood = configuration
      try KindCollisions.check(configuration)
    } catch {
      errors = error.errors
    }
    if let understood {
      let outline = ConfigurationFile.outline(location)
      func placed(_ key: String?, _ message: String) -> ConfigurationError {
        // What is wrong with a default stands nowhere in the file.
        let position = key.flatMap { outline?.position(of: $0) }
        return ConfigurationError(file: position == nil ? nil : name, position: position, key: key, message: message)
      }
      errors = errors.map { placed($0.key, $0.message) }
      for finding in InstallationCheck.findings(understood) {
        let error = placed(finding.key, finding.message)
        if finding.isError { errors.append(error) } else { warnings.append(error) }
      }
    }
    report(name, understood, errors, warnings, asJSON: arguments.printsJSON)
    return errors.isEmpty ? .done : .configuration
  }

  private static func report(
    _ name: String, _ configuration: Configuration?, _ errors: [ConfigurationError], _ warnings: [ConfigurationError], asJSON: Bool
  ) {
    if asJSON {
      Console.print(
        JSONOutput.object([
          ("valid", .boolean(errors.isEmpty)), ("configuration", .string(name)), ("state", .optional(configuration?.state.path)),
          ("errors", .array(errors.map(json))), ("warnings", .array(warnings.map(json))),
          ("understood", .array((configuration.map(summary) ?? []).map { .string($0) })),
          ("settings", .optional(configuration.map { SettingsDigest.of($0).hex })),
        ]).line)
      return
    }
    for error in errors { Console.note(error.description) }
    for warning in warnings { Console.note("warning: \(warning.description)") }
    guard errors.isEmpty, let configuration else { return }
    Console.print("\(name): valid")
    for line in summary(configuration) { Console.print("  \(line)") }
  }

  private static func json(_ error: ConfigurationError) -> JSONOutput {
    .object([
      ("key", .optional(error.key)), ("message", .string(error.description)), ("line", error.position.map { .integer(Int64($0.line)) } ?? .null),
      ("column", error.position.map { .integer(Int64($0.column)) } ?? .null),
    ])
  }

  private static func domains(_ configuration: Configuration) -> String {
    let names = Registry.domains(configuration).validators.map(\.domain.name)
    return names.isEmpty ? "none" : names.joined(separator: ", ")
  }

  /// What the configuration means, in a few lines.
  private static func summary(_ configuration: Configuration) -> [String] {
    let sink =
      switch configuration.delivery.sink {
      case .none: "nowhere (they stay due)"
      case .file(let path): "the file \(path)"
      case .command(let command): "the command \(command.first ?? "")"
      }
    let node = configuration.node.publicKey.map { "as \($0.hex)" } ?? "by nobody: node.publicKey is not set, so none are made"
    return [
      "state: \(configuration.state.path), up to \(configuration.state.mapSizeMiB) MiB, durability \(configuration.state.durability.rawValue)",
      "verifies: \(configuration.verifiesAll ? "every event" : "events that a domain claims")",
      "events that nobody claims: \(configuration.rejectsUnclaimed ? "rejected" : "accepted")",
      "domains: \(domains(configuration))",
      "follow-ups: signed \(node); delivered to \(sink)",
    ]
  }
}
