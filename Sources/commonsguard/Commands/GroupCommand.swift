// SPDX-License-Identifier: AGPL-3.0-or-later
import FoundationEssentials
import Groups
import Nostr
import Policy
import StateStore

/// `group list|show|member|history|upkeep`.
enum GroupCommand {
  private static var now: UInt64 { UInt64(max(0, Date().timeIntervalSince1970)) }

  static func list(_ installation: Installation) throws {
    try installation.store(isReadOnly: true).read { state in
      try GroupView.all(installation.configuration.groups, now: now, reading: state) { view in
        Console.print(installation.arguments.printsJSON ? GroupOutput.summary(view).line : GroupOutput.line(view))
        return true
      }
    }
  }

  static func show(_ installation: Installation, _ id: EventID) throws {
    let view = try installation.store(isReadOnly: true).read { state in
      try GroupView.read(id, installation.configuration.groups, now: now, reading: state)
    }
    guard let view else { throw unknown(id) }
    if installation.arguments.printsJSON {
      Console.print(GroupOutput.json(view).line)
    } else {
      for line in GroupOutput.lines(view) { Console.print(line) }
    }
  }

  /// - Returns: failed when the answer is no.
  static func member(
    _ installation: Installation, _ id: EventID, _ account: PublicKey, at time: UInt64?, _ mode: Arguments.Command.GroupMode
  ) throws -> ExitStatus {
    // The greatest number is what never comes: a moment before it is the same question.
    let time = min(time ?? now, UInt64.max - 1)
    let query = HistoricalQuery(installation.configuration.groups)
    let answer = try installation.store(isReadOnly: true).read { state in
      try query.answer(account, in: id, at: time, HistoricalQuery.Mode(rawValue: mode.rawValue) ?? .claimed, now: now, reading: state)
    }
    guard let answer else { throw unknown(id) }
    if installation.arguments.printsJSON {
      Console.print(GroupOutput.json(answer, id, account, at: time, mode.rawValue).line)
    } else {
      for line in GroupOutput.lines(answer) { Console.print(line) }
    }
    return answer.isMember ? .done : .failed
  }

  static func history(_ installation: Installation, _ id: EventID) throws {
    let history = try installation.store(isReadOnly: true).read { state in try GroupView.history(id, now: now, reading: state) }
    guard let history else { throw unknown(id) }
    for step in history.steps {
      Console.print(installation.arguments.printsJSON ? GroupOutput.json(step, tip: history.tip).line : GroupOutput.line(step))
    }
    for switching in history.reorganisations {
      Console.print(installation.arguments.printsJSON ? GroupOutput.json(switching, tip: history.tip).line : GroupOutput.line(switching))
    }
    if !installation.arguments.printsJSON { Console.print("chaintip  \(history.tip.hex)") }
  }

  static func upkeep(_ installation: Installation) throws {
    let store = try installation.existingStore()
    let validator = GroupsValidator(options: installation.configuration.groups)
    var count = 0
    while try store.write({ state in
      guard let effects = try validator.upkeep(reading: state) else { return false }
      try state.apply(effects.changes)
      return true
    }) { count += 1 }
    if installation.arguments.printsJSON { Console.print(JSONOutput.object([("timestamps", .integer(Int64(count)))]).line) }
    Console.note("group: \(counted(count, "time stamp")) held against headers")
  }

  private static func unknown(_ id: EventID) -> Failure { Failure(.failed, "there is no group \(id.hex)") }
}
