// SPDX-License-Identifier: AGPL-3.0-or-later
import Configuration
import Nostr

/// The command line, parsed and checked. Source: contract, *Commands*.
struct Arguments: Sendable, Equatable {
  var command: Command
  /// `--config`.
  var configurationFile: String?
  /// `--state`: overrides `state.path`.
  var stateDirectory: String?
  /// `--json`.
  var printsJSON: Bool

  /// - Parameters:
  ///   - arguments: without the program's name.
  ///   - stdinIsTerminal: with no command at all, the help is printed instead of waiting for a person to type requests.
  static func parse(_ arguments: [String], stdinIsTerminal: Bool) throws(UsageError) -> Arguments {
    let known = CommandSyntax.common + CommandSyntax.all.flatMap(\.options)
    let options = try Options(arguments, known: known)
    var operands = options.operands
    let asksForHelp = options.given["help"] != nil

    var syntax: CommandSyntax?
    if operands.isEmpty {
      syntax = asksForHelp ? nil : CommandSyntax.named("run")
    } else {
      syntax = try Self.command(takenFrom: &operands, orGroup: asksForHelp)
    }
    var result = Arguments(
      command: .help(syntax), configurationFile: options.given["config"], stateDirectory: options.given["state"],
      printsJSON: options.given["json"] != nil)
    if asksForHelp { return result }
    if options.given["version"] != nil {
      result.command = .version
      return result
    }
    guard let syntax else { return result }
    if arguments.isEmpty, stdinIsTerminal {
      result.command = .help(nil)
      return result
    }
    try Self.check(options.given, operands, against: syntax)
    do {
      result.command = try Self.command(syntax, Values(given: options.given, operands: operands))
    } catch {
      throw UsageError(error.problem, command: syntax.name)
    }
    return result
  }

  /// Takes the words of a command off the operands.
  /// - Returns: nil for a group without its second word, when that is allowed (its help is the program's).
  private static func command(takenFrom operands: inout [String], orGroup: Bool) throws(UsageError) -> CommandSyntax? {
    let first = operands.removeFirst()
    if let syntax = CommandSyntax.named(first) { return syntax }
    let second = operands.first
    if CommandSyntax.later.contains(first) || second.map({ CommandSyntax.later.contains("\(first) \($0)") }) ?? false {
      let name = CommandSyntax.later.contains(first) ? first : "\(first) \(second ?? "")"
      throw UsageError("\(name) is not available in this version")
    }
    let members = CommandSyntax.all.filter { $0.group == first }.map { String($0.name.dropFirst(first.count + 1)) }
    if members.isEmpty {
      let names = CommandSyntax.all.map { $0.group ?? $0.name }
      throw UsageError("unknown command \(first)\(Spelling.suggestion(for: first, among: names))")
    }
    guard let second else {
      if orGroup { return nil }
      throw UsageError("\(first) needs one of \(members.joined(separator: ", "))")
    }
    operands.removeFirst()
    if let syntax = CommandSyntax.named("\(first) \(second)") { return syntax }
    throw UsageError("unknown command \(first) \(second)\(Spelling.suggestion(for: second, among: members))")
  }

  private static func check(_ given: [String: String], _ operands: [String], against syntax: CommandSyntax) throws(UsageError) {
    let allowed = Set((CommandSyntax.common + syntax.options).map(\.name))
    for name in given.keys.sorted() where !allowed.contains(name) {
      throw UsageError("\(syntax.name) takes no --\(name)", command: syntax.name)
    }
    if operands.count < syntax.operandCount.lowerBound { throw UsageError("\(syntax.name) needs \(syntax.operands)", command: syntax.name) }
    if operands.count > syntax.operandCount.upperBound {
      throw UsageError("\(syntax.name): \(operands[syntax.operandCount.upperBound]) is one argument too many", command: syntax.name)
    }
    for name in ["config", "state"] where given[name] == "" { throw UsageError("--\(name) needs a path", command: syntax.name) }
  }

  private static func command(_ syntax: CommandSyntax, _ values: Values) throws(UsageError) -> Command {
    switch syntax.name {
    case "replay": .replay(files: try values.files(), source: try values.source())
    case "rebuild":
      .rebuild(
        files: try values.files(),
        RebuildCommand.Options(withFollowUps: values.has("with-follow-ups"), withoutTrailer: values.has("no-trailer")))
    case "deliver": .deliver(once: values.has("once"))
    case "check-config": .checkConfig(values.has("defaults") ? .defaults : values.has("reference") ? .reference : .check)
    case "status": .status
    case "explain": .explain(file: try values.operand(), source: try values.source())
    case "state digest": .stateDigest
    case "state export": .stateExport(file: values.operands.first, replaces: values.has("force"))
    case "state waiting": .stateWaiting
    case "state merge": .stateMerge(file: try values.operand(), withoutTrailer: values.has("no-trailer"))
    case "state diff": .stateDiff(file: try values.operand(), withoutTrailer: values.has("no-trailer"))
    case "outbox list": .outboxList(state: try values.outboxState())
    case "outbox show": .outboxShow(try values.outboxReference())
    case "outbox retry": .outboxRetry(try values.has("all") ? values.none() : values.outboxReference())
    case "outbox drop": .outboxDrop(try values.outboxReference())
    case "campaign list": .campaignList(try values.campaignFilter())
    case "campaign show": .campaignShow(projectID: try values.operand())
    case "campaign trust": .campaignTrust(projectID: try values.operand(), by: try values.words("by"), reason: try values.words("reason"))
    case "campaign resolve":
      .campaignResolve(
        projectID: try values.operand(), as: try values.resolution(), by: try values.words("by"), reason: try values.required("reason"))
    case "campaign vote-status": .campaignVoteStatus(projectID: try values.operand())
    case let name where syntax.group == "collective": .collective(try values.collective(String(name.dropFirst("collective ".count))))
    case "group list": .groupList
    case "group show": .groupShow(try values.eventID())
    case "group member": .groupMember(try values.eventID(), try values.publicKey(at: 1), at: try values.time("at"), try values.groupMode())
    case "group history": .groupHistory(try values.eventID())
    case "group upkeep": .groupUpkeep
    default: .run
    }
  }
}
