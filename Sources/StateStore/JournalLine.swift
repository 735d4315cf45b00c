// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// A journal row as a line of `state export`: a request line as strfry writes them, or a line of type `decision`.
public enum JournalLine {
  /// The line without its newline; keys in alphabetical order.
  public static func bytes(_ row: JournalRow) -> [UInt8] {
    switch row.content {
    case .event(let raw, _, let source, let sourceInfo): event(raw, source, sourceInfo, receivedAt: row.receivedAt)
    case .decision(let decision): self.decision(decision, receivedAt: row.receivedAt)
    }
  }

  private static func event(_ raw: [UInt8], _ source: SourceType, _ sourceInfo: String?, receivedAt: UInt64) -> [UInt8] {
    var line: [UInt8] = []
    line.reserveCapacity(raw.count + 128)
    line += "{\"event\":".utf8
    // Line breaks between an event's tokens are legal JSON, and would cut the line; within its strings they cannot be.
    line += raw.lazy.map { $0 == 0x0a || $0 == 0x0d ? 0x20 : $0 }
    line += ",\"receivedAt\":\(receivedAt)".utf8
    if let sourceInfo {
      line += ",\"sourceInfo\":".utf8
      JSONText.append(sourceInfo.utf8, to: &line)
    }
    if source != .other { line += ",\"sourceType\":\"\(source.word)\"".utf8 }
    line += ",\"type\":\"new\"}".utf8
    return line
  }

  private static func decision(_ decision: OperatorDecision, receivedAt: UInt64) -> [UInt8] {
    var line = Array("{\"decision\":{".utf8)
    let members = [
      ("action", decision.action), ("by", decision.by), ("domain", decision.domain.name), ("reason", decision.reason),
      ("subject", decision.subject),
    ]
    for (index, (key, value)) in members.enumerated() {
      line += "\(index > 0 ? "," : "")\"\(key)\":".utf8
      JSONText.append(value.utf8, to: &line)
    }
    line += "},\"receivedAt\":\(receivedAt),\"type\":\"decision\"}".utf8
    return line
  }

  /// The decision of a line of type `decision`; nil when the line is anything else. Lines of events are read by `RequestParse`.
  public static func decision(parsing line: [UInt8]) -> OperatorDecision? {
    guard let text = Text(validating: line), let document = JSONValue(parsing: text, depthLimit: 4),
      let type = document["type"]?.text, type == "decision",
      case .number(let number)? = document["receivedAt"], let at = number.decimal, let body = document["decision"],
      let name = body["domain"]?.text, let domain = Domain.allCases.first(where: { name.equals($0.name) }),
      let action = body["action"]?.text, let subject = body["subject"]?.text, let by = body["by"]?.text, let reason = body["reason"]?.text
    else { return nil }
    return OperatorDecision(
      domain: domain, action: action.string, subject: subject.string, by: by.string, reason: reason.string, at: at)
  }
}
