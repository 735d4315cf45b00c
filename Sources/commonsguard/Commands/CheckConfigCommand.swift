// SPDX-License-Identifier: AGPL-3.0-or-later
import Configuration
import Glibc

/// `check-config`: reads the configuration and says what is wrong with it.
enum CheckConfigCommand {
  static func run(_ arguments: Arguments, _ what: Arguments.Command.CheckConfig) throws -> ExitStatus {
    switch what {
    case .defaults: Console.write(ConfigurationSchema.defaultsDocument(), to: STDOUT_FILENO)
    case .reference: Console.write(ConfigurationSchema.referenceMarkdown(), to: STDOUT_FILENO)
    case .check: return check(arguments)
    }
    return .done
  }

  private static func check(_ arguments: Arguments) -> ExitStatus {
    let location = ConfigurationFile.locate(explicit: arguments.configurationFile, environment: Installation.environment)
    let name =
      switch location {
      case .file(let path): path
      case .builtIn: "built-in defaults"
      }
    do throws(ConfigurationErrors) {
      var configuration = try ConfigurationFile.load(location, environment: Installation.environment)
      if let directory = arguments.stateDirectory { configuration.state.path = directory }
      try KindCollisions.check(configuration)
      if let problem = configuration.keyFileProblem { throw ConfigurationErrors([problem]) }
      if arguments.printsJSON {
        Console.print(
          JSONOutput.object([
            ("valid", .boolean(true)), ("configuration", .string(name)), ("state", .string(configuration.state.path)), ("errors", .array([])),
          ])
          .line)
      } else {
        Console.print("\(name): valid")
        for line in summary(configuration) { Console.print("  \(line)") }
      }
      return .done
    } catch {
      if arguments.printsJSON {
        let errors = error.errors.map { JSONOutput.object([("key", .optional($0.key)), ("message", .string($0.description))]) }
        Console.print(JSONOutput.object([("valid", .boolean(false)), ("configuration", .string(name)), ("errors", .array(errors))]).line)
      } else {
        Console.note(error.description)
      }
      return .configuration
    }
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
