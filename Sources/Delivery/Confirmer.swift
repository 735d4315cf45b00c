// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// Asks a command which events are stored (`delivery.confirm`), such as `["strfry", "scan"]`.
///
/// It is given a filter of ids, `{"ids":[…]}`, in place of `{filter}` in its arguments, or as its last argument; it prints the stored events,
/// one a line.
public struct Confirmer: StoredLookup {
  /// An argument may have 128 KiB on Linux; 500 ids have 33.
  private static let maxIDs = 500
  static let placeholder = "{filter}"

  private let arguments: [String]
  private let timeoutSeconds: Int

  public init(arguments: [String], timeoutSeconds: Int = 60) {
    self.arguments = arguments
    self.timeoutSeconds = timeoutSeconds
  }

  /// Those of the ids that are stored, and why the others may be missing, when the command failed.
  public func stored(_ ids: [EventID]) -> (found: Set<EventID>, failure: String?) {
    var found: Set<EventID> = []
    var failure: String?
    for start in stride(from: 0, to: ids.count, by: Self.maxIDs) {
      var lines = EventLines(wanted: Set(ids[start..<min(start + Self.maxIDs, ids.count)]))
      let command = ChildCommand(arguments: vector(for: lines.wanted), timeoutSeconds: timeoutSeconds)
      let result = command.run(input: []) { lines.append($0) }
      lines.finish()
      found.formUnion(lines.found)
      failure = result.failure ?? failure
    }
    return (found, failure)
  }

  public func hasAny(of kinds: [UInt64]) -> Bool? {
    let filter = "{\"kinds\":[\(kinds.map(String.init).joined(separator: ","))],\"limit\":1}"
    var hasBytes = false
    let result = ChildCommand(arguments: vector(filter), timeoutSeconds: timeoutSeconds).run(input: []) { hasBytes = hasBytes || $0.contains(0x7b) }
    return result.failure == nil ? hasBytes : nil
  }

  private func vector(for ids: Set<EventID>) -> [String] {
    vector("{\"ids\":[\(ids.sorted().map { "\"\($0.hex)\"" }.joined(separator: ","))]}")
  }

  private func vector(_ filter: String) -> [String] {
    guard arguments.contains(where: { $0.contains(Self.placeholder) }) else { return arguments + [filter] }
    return arguments.map { argument in
      argument.split(separator: Self.placeholder, omittingEmptySubsequences: false).joined(separator: filter)
    }
  }
}

/// Finds wanted ids in a stream of events, one a line. What is no event is passed over.
private struct EventLines {
  let wanted: Set<EventID>
  private(set) var found: Set<EventID> = []
  private var line: [UInt8] = []
  private var isOverlong = false

  /// No event that we publish is as long.
  private static let maxLineBytes = 1 << 20

  init(wanted: Set<EventID>) { self.wanted = wanted }

  mutating func append(_ bytes: UnsafeRawBufferPointer) {
    for part in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).enumerated() {
      if part.offset > 0 { finish() }
      if line.count + part.element.count > Self.maxLineBytes { isOverlong = true }
      if !isOverlong { line += part.element }
    }
  }

  /// The line has ended.
  mutating func finish() {
    if !isOverlong, !line.isEmpty, let event = try? Event(parsing: line), wanted.contains(event.id) { found.insert(event.id) }
    line.removeAll(keepingCapacity: true)
    isOverlong = false
  }
}
