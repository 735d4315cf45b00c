// SPDX-License-Identifier: AGPL-3.0-or-later

/// The options and operands of one subcommand: `--name value`, `--flag`, the rest operands.
struct Options {
  let operands: [String]
  private var values: [String: String] = [:]
  private var flags: Set<String> = []

  /// - Parameter values: names of the options with a value. - Parameter flags: those without.
  init(_ arguments: [String], values known: Set<String>, flags knownFlags: Set<String> = []) throws {
    var operands: [String] = []
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("--") else {
        operands.append(argument)
        continue
      }
      let name = String(argument.dropFirst(2))
      if knownFlags.contains(name) {
        flags.insert(name)
      } else if known.contains(name), let value = rest.popFirst() {
        values[name] = value
      } else {
        throw UsageError(message: known.contains(name) ? "\(argument) needs a value" : "\(argument) is not known")
      }
    }
    self.operands = operands
  }

  func has(_ flag: String) -> Bool { flags.contains(flag) }
  func text(_ name: String) -> String? { values[name] }

  func number(_ name: String, default standard: Int) throws -> Int {
    guard let text = values[name] else { return standard }
    guard let number = Int(text), number >= 0 else { throw UsageError(message: "--\(name) wants a number, not \(text)") }
    return number
  }

  func required(_ name: String) throws -> String {
    guard let value = values[name] else { throw UsageError(message: "--\(name) is missing") }
    return value
  }

  /// The operands, when there are exactly so many.
  func operands(_ count: Int) throws -> [String] {
    guard operands.count == count else { throw UsageError(message: "\(count) operands are wanted, \(operands.count) are there") }
    return operands
  }
}
