// SPDX-License-Identifier: AGPL-3.0-or-later
import CSystem
import Configuration
import Glibc

extension Arguments {
  /// The command line split by glibc's `getopt_long` into options and operands, in any order; `--` ends the options.
  struct Options {
    /// The options given, by name, with their values (empty for those that take none).
    private(set) var given: [String: String] = [:]
    private(set) var operands: [String] = []

    /// - Parameters:
    ///   - arguments: without the program's name.
    ///   - known: every option of any command; names are unique.
    init(_ arguments: [String], known: [OptionSyntax]) throws(UsageError) {
      var vector: [UnsafeMutablePointer<CChar>?] = (["commonsguard"] + arguments).map { strdup($0) }
      vector.append(nil)
      let names = known.map { strdup($0.name) }
      // Numbered from above the letters, so that what getopt reports is told apart from them.
      var table = zip(known, names).enumerated().map { index, entry in
        option(
          name: UnsafePointer(entry.1), has_arg: entry.0.value == nil ? no_argument : required_argument, flag: nil,
          val: Self.firstNumber + Int32(clamping: index))
      }
      table.append(option())
      // getopt permutes the vector but loses nothing of it.
      let owned = vector + names
      defer { owned.forEach { free($0) } }

      let count = Int32(clamping: vector.count - 1)
      commonsguard_restart_getopt()
      while true {
        // The colon in front: a missing value is told from an unknown option.
        let found = getopt_long(count, &vector, ":h", table, nil)
        if found == -1 { break }
        if found == Int32(UInt8(ascii: "h")) {
          try add("help", "")
        } else if known.indices.contains(Int(found - Self.firstNumber)) {
          let option = known[Int(found - Self.firstNumber)]
          try Self.refuseAbbreviation(of: option.name, in: vector)
          try add(option.name, commonsguard_optarg().map { String(cString: $0) } ?? "", isRepeatable: option.isRepeatable)
        } else {
          throw Self.error(found, in: vector, known)
        }
      }
      for position in Int(commonsguard_optind())..<max(Int(commonsguard_optind()), Int(count)) {
        if let operand = vector[position] { operands.append(String(cString: operand)) }
      }
    }

    private static let firstNumber: Int32 = 1000

    /// getopt takes any unambiguous beginning; a script that relies on one breaks when an option is added.
    private static func refuseAbbreviation(of name: String, in vector: [UnsafeMutablePointer<CChar>?]) throws(UsageError) {
      let end = Int(commonsguard_optind())
      let words = [end - 1, end - 2].filter(vector.indices.contains).compactMap { vector[$0].map { String(cString: $0) } }
      guard !words.contains(where: { $0 == "--\(name)" || $0.hasPrefix("--\(name)=") }) else { return }
      throw UsageError("write the option --\(name) in full")
    }

    /// What stands between the values of an option that was given several times: no argument can hold it.
    static let separator: Character = "\0"

    private mutating func add(_ name: String, _ value: String, isRepeatable: Bool = false) throws(UsageError) {
      if isRepeatable, let before = given[name] {
        given[name] = "\(before)\(Self.separator)\(value)"
        return
      }
      if given.updateValue(value, forKey: name) != nil { throw UsageError("--\(name) is given twice") }
    }

    /// `getopt_long` leaves the argument that it did not like just before `optind`.
    private static func error(_ found: Int32, in vector: [UnsafeMutablePointer<CChar>?], _ known: [OptionSyntax]) -> UsageError {
      let position = Int(commonsguard_optind()) - 1
      let argument = vector.indices.contains(position) ? vector[position].map { String(cString: $0) } ?? "" : ""
      let letter = commonsguard_optopt()
      if letter > 0, letter < Self.firstNumber { return UsageError("unknown option -\(String(UnicodeScalar(UInt8(truncatingIfNeeded: letter))))") }
      if found == Int32(UInt8(ascii: ":")) { return UsageError("\(argument) needs a value") }
      let name = argument.split(separator: "=").first.map(String.init) ?? argument
      if letter >= Self.firstNumber { return UsageError("\(name) takes no value") }
      let names = known.filter { !$0.isHidden }.map { "--\($0.name)" }
      return UsageError("unknown option \(name)\(Spelling.suggestion(for: name, among: names))")
    }
  }
}
