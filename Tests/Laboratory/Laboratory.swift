// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// What the scripts measure and shake the program with. It is no part of what is installed.
enum Laboratory {
  private static var subcommands: [any Subcommand.Type] {
    [
      DemoStreamCommand.self, DemoConfigurationCommand.self, DescribeCommand.self, Kind1Command.self, ClaimedCommand.self, SignCommand.self,
      PingPongCommand.self,
      CommitCostCommand.self, ScaleCommand.self, SoakCommand.self, BrokenWorldCommand.self, CollectiveBench.self, CollectiveCosts.self,
      GroupBench.self,
      WorstCaseCommand.self, TortureCommand.self, ConstellationCommand.self,
    ]
  }

  static func main() -> Never {
    let arguments = Array(CommandLine.arguments.dropFirst())
    guard let name = arguments.first, name != "--help", name != "-h" else {
      Output.line(overview)
      exit(arguments.isEmpty ? 2 : 0)
    }
    guard let subcommand = subcommands.first(where: { $0.name == name }) else {
      Output.note("laboratory: there is no subcommand \(name)\n\(overview)")
      exit(2)
    }
    let rest = Array(arguments.dropFirst())
    if rest.contains("--help") || rest.contains("-h") {
      Output.line(subcommand.help)
      exit(0)
    }
    do {
      let isDone = try subcommand.run(rest)
      Output.flush()
      exit(isDone ? 0 : 1)
    } catch let error as UsageError {
      Output.note("laboratory \(name): \(error.message)\n\(subcommand.help)")
      exit(2)
    } catch {
      Output.flush()
      Output.note("laboratory \(name): \(error)")
      exit(1)
    }
  }

  private static var overview: String {
    let rows = subcommands.map { "  " + $0.name + String(repeating: " ", count: max(1, 16 - $0.name.count)) + $0.summary }
    return (["usage: laboratory SUBCOMMAND [options]", ""] + rows + ["", "laboratory SUBCOMMAND --help says more."]).joined(separator: "\n")
  }
}

/// One thing that the laboratory does.
protocol Subcommand {
  static var name: String { get }
  static var summary: String { get }
  static var help: String { get }
  /// - Returns: false when the answer is no (exit status 1). Throws `UsageError`, and whatever went wrong.
  static func run(_ arguments: [String]) throws -> Bool
}

/// The command line is wrong.
struct UsageError: Error {
  let message: String
}

/// Something that the laboratory works with failed.
struct LaboratoryFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
