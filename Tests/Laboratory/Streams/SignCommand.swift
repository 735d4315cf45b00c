// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import Nostr
import TestSupport

/// `sign`: makes really signed events of what another program wants said, for `scripts/with-strfry`.
enum SignCommand: Subcommand {
  static let name = "sign"
  static let summary = "signs what the lines of stdin want said, with test keys"
  static let help = """
    usage: laboratory sign

    Each line of stdin is an object: key (the name of a test key), kind, created_at, tags, content. Each line of stdout is the event, signed, in the
    same order, as soon as it is made: another program can ask for one after the other. Test keys are made from their names: never use them.

    example:
      echo '{"key":"alice","kind":1,"created_at":1700000000,"tags":[],"content":"hello"}' | laboratory sign
    """

  static func run(_ arguments: [String]) throws -> Bool {
    _ = try Options(arguments, values: []).operands(0)
    var keys: [String: TestKey] = [:]
    while let line = readLine() {
      guard let document = JSONValue(parsing: Text(line)), let name = document["key"]?.text?.string,
        let kind = number(document["kind"]), let createdAt = number(document["created_at"]), let content = document["content"]?.text,
        case .array(let rows)? = document["tags"]
      else { throw LaboratoryFailure("not what is to be signed: \(line)") }
      let tags = rows.map { row -> [String] in
        guard case .array(let values) = row else { return [] }
        return values.compactMap { $0.text?.string }
      }
      let key = keys[name] ?? TestKey(name)
      keys[name] = key
      Output.line(key.json(kind: kind, createdAt: createdAt, tags: tags, content: content.string))
      Output.flush()
    }
    return true
  }

  private static func number(_ value: JSONValue?) -> UInt64? {
    if case .number(let text)? = value { text.decimal } else { nil }
  }
}
