// SPDX-License-Identifier: AGPL-3.0-or-later
import CFaults
import Configuration
import Glibc

/// The program: parses the command line, runs one command, ends with its status.
enum Program {
  static func main() -> Never {
    // Before anything is opened: a file that got the number of standard error would have the log written into it.
    StandardDescriptors.fill()
    commonsguard_faults_install()
    let arguments: Arguments
    do {
      arguments = try Arguments.parse(Array(CommandLine.arguments.dropFirst()), stdinIsTerminal: isatty(STDIN_FILENO) == 1)
    } catch {
      Console.note(error.description)
      exit(ExitStatus.usage.rawValue)
    }
    // A reader that goes away is noticed where something is written to it. The plugin sees to its own signals.
    if arguments.command != .run { signal(SIGPIPE, SIG_IGN) }
    let status: ExitStatus
    do {
      status = try run(arguments)
    } catch {
      let failure = Failure(error)
      Console.note(failure.message.split(separator: "\n", omittingEmptySubsequences: false).map { "commonsguard: \($0)" }.joined(separator: "\n"))
      status = failure.status
    }
    Leftovers.remove()
    exit(status.rawValue)
  }

  private static func run(_ arguments: Arguments) throws -> ExitStatus {
    switch arguments.command {
    case .help(let syntax): Console.write(Help.text(for: syntax), to: STDOUT_FILENO)
    case .version: Console.write(Help.versionLine, to: STDOUT_FILENO)
    case .run: RunCommand.run(arguments)
    case .deliver(let once): try DeliverCommand.run(Installation(arguments), once: once)
    case .checkConfig(let what): return try CheckConfigCommand.run(arguments, what)
    case .replay(let files, let source): try ReplayCommand.run(Installation(arguments), files, source)
    case .rebuild(let files, let options): return try RebuildCommand.run(Installation(arguments), files, options)
    case .status: try StatusCommand.run(Installation(arguments))
    case .explain(let file, let source): return try ExplainCommand.run(Installation(arguments), file, as: source ?? .ip4)
    case .stateDigest: try StateCommand.digest(Installation(arguments))
    case .stateExport(let file, let replaces): try StateCommand.export(Installation(arguments), to: file, replaces: replaces)
    case .stateWaiting: try WaitingCommand.run(Installation(arguments))
    case .stateMerge(let file, let withoutTrailer):
      return try MergeCommand.run(Installation(arguments), file, withoutTrailer: withoutTrailer)
    case .stateDiff(let file, let withoutTrailer): return try DiffCommand.run(Installation(arguments), file, withoutTrailer: withoutTrailer)
    case .outboxList(let state): try OutboxCommand.list(Installation(arguments), state)
    case .outboxShow(let id): try OutboxCommand.show(Installation(arguments), id)
    case .outboxRetry(let id): try OutboxCommand.retry(Installation(arguments), id)
    case .outboxDrop(let id): try OutboxCommand.drop(Installation(arguments), id)
    case .campaignList(let filter): try CampaignCommand.list(Installation(arguments), filter)
    case .campaignShow(let id): try CampaignCommand.show(Installation(arguments), id)
    case .campaignTrust(let id, let by, let reason): try CampaignCommand.trust(Installation(arguments), id, by: by, reason: reason)
    case .campaignResolve(let id, let resolution, let by, let reason):
      try CampaignCommand.resolve(Installation(arguments), id, as: resolution, by: by, reason: reason)
    case .campaignVoteStatus(let id): try CampaignCommand.voteStatus(Installation(arguments), id)
    case .collective(let request): return try CollectiveCommand.run(Installation(arguments), request)
    case .groupList: try GroupCommand.list(Installation(arguments))
    case .groupShow(let id): try GroupCommand.show(Installation(arguments), id)
    case .groupMember(let id, let key, let time, let mode): return try GroupCommand.member(Installation(arguments), id, key, at: time, mode)
    case .groupHistory(let id): try GroupCommand.history(Installation(arguments), id)
    case .groupUpkeep: try GroupCommand.upkeep(Installation(arguments))
    }
    return .done
  }
}
