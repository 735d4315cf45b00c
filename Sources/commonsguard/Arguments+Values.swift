// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import Nostr

extension Arguments {
  /// The options and operands of one command, read as what they stand for.
  struct Values {
    let given: [String: String]
    let operands: [String]

    func has(_ option: String) -> Bool { given[option] != nil }

    func operand() throws(UsageError) -> String {
      guard let operand = operands.first, !operand.isEmpty else { throw UsageError("an argument is empty") }
      return operand
    }

    /// The operands as paths; none at all means stdin.
    func files() throws(UsageError) -> [String] {
      if operands.contains("") { throw UsageError("a file's name is empty") }
      if operands.count(where: { $0 == "-" }) > 1 { throw UsageError("stdin can be read only once") }
      return operands.isEmpty ? ["-"] : operands
    }

    func source() throws(UsageError) -> SourceType? {
      guard let word = given["as"] else { return nil }
      let sources = SourceType.allCases.filter { $0 != .other }
      guard let source = sources.first(where: { "\($0.word)" == word }) else {
        throw UsageError("--as \(word): not one of \(sources.map { "\($0.word)" }.joined(separator: ", "))")
      }
      return source
    }

    func outboxState() throws(UsageError) -> Command.OutboxRowState? {
      guard let word = given["state-filter"] else { return nil }
      guard let state = Command.OutboxRowState(rawValue: word) else {
        throw UsageError("--state-filter \(word): not one of \(Command.OutboxRowState.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      return state
    }

    func outboxReference() throws(UsageError) -> OutboxReference {
      guard let word = operands.first else { throw UsageError("ID is missing; --all means every one") }
      guard let reference = OutboxReference(word) else {
        throw UsageError("\(word) is neither an event id (64 hex digits, or the first 8 or more) nor the number of a row")
      }
      return reference
    }

    /// For an option that stands in the place of the operand.
    func none() throws(UsageError) -> OutboxReference? {
      if let operand = operands.first { throw UsageError("\(operand) and --all exclude each other") }
      return nil
    }

    func eventID() throws(UsageError) -> EventID {
      let word = try operand()
      guard let id = EventID(hex: word) else { throw UsageError("\(word) is not an event id (64 lowercase hex digits)") }
      return id
    }

    func campaignFilter() throws(UsageError) -> Command.CampaignFilter {
      let filters = ["active", "completed", "all"].filter(has)
      if filters.count > 1 { throw UsageError("--\(filters[0]) and --\(filters[1]) exclude each other") }
      return filters.first.flatMap(Command.CampaignFilter.init) ?? .all
    }

    func publicKey(at position: Int) throws(UsageError) -> PublicKey {
      guard operands.indices.contains(position) else { throw UsageError("an argument is missing") }
      let word = operands[position]
      guard let key = PublicKey(hex: word) else { throw UsageError("\(word) is not a public key (64 lowercase hex digits)") }
      return key
    }

    /// Unix seconds.
    func time(_ option: String) throws(UsageError) -> UInt64? {
      guard let word = given[option] else { return nil }
      guard let time = UInt64(word), word.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
        throw UsageError("--\(option) \(word): not a time in Unix seconds")
      }
      return time
    }

    func groupMode() throws(UsageError) -> Command.GroupMode {
      guard let word = given["mode"] else { return .claimed }
      guard let mode = Command.GroupMode(rawValue: word) else {
        throw UsageError("--mode \(word): not one of \(Command.GroupMode.allCases.map(\.rawValue).joined(separator: ", "))")
      }
      return mode
    }

    func resolution() throws(UsageError) -> Resolution {
      let words = Resolution.allCases.map(\.rawValue).joined(separator: ", ")
      guard let word = given["as"] else { throw UsageError("--as is missing: one of \(words)") }
      guard let resolution = Resolution(rawValue: word) else { throw UsageError("--as \(word): not one of \(words)") }
      return resolution
    }

    /// The text of an option that has to be given.
    func required(_ option: String) throws(UsageError) -> String {
      guard let text = try words(option) else { throw UsageError("--\(option) is missing") }
      return text
    }

    /// The text of an option; nil when it is not given.
    func words(_ option: String) throws(UsageError) -> String? {
      guard let text = given[option] else { return nil }
      guard text.contains(where: { !$0.isWhitespace }) else { throw UsageError("--\(option) is empty") }
      return text
    }
  }
}
