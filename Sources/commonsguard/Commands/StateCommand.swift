// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import Judgement
import StateStore

/// `state digest` and `state export`.
enum StateCommand {
  static func digest(_ installation: Installation) throws {
    let digest = try StateDigest.read(try installation.store(isReadOnly: true), installation.registry)
    let lines = digest.domains.map { ($0.domain.name, $0.digest.hex) } + [("all", digest.all.hex)]
    if installation.arguments.printsJSON {
      Console.print(JSONOutput.object(lines.map { ($0.0, .string($0.1)) }).line)
    } else {
      for (name, hex) in lines { Console.print("\(hex)  \(name)") }
    }
  }

  /// Rows in one snapshot: a snapshot that lasts keeps pages from being used again.
  private static let batch = 1000

  static func export(_ installation: Installation, to file: String?) throws {
    let store = try installation.store(isReadOnly: true)
    var output = STDOUT_FILENO
    let partial = file.map { "\($0).partial" }
    if let partial {
      output = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
      guard output >= 0 else { throw Failure(.failed, "\(partial) cannot be written: \(String(cString: strerror(errno)))") }
    }
    var progress = Progress("export", total: try store.read { try $0.journalCount() })
    var next: UInt64 = 0
    var count = 0
    while true {
      var lines: [UInt8] = []
      var rows = 0
      try store.read { state in
        try state.journal(from: next) { row in
          lines += JournalLine.bytes(row)
          lines.append(0x0a)
          next = row.sequence + 1
          rows += 1
          return rows < batch
        }
      }
      if rows == 0 { break }
      try write(lines, to: output, named: partial ?? "stdout")
      count += rows
      progress.update(done: count, count: count)
    }
    progress.finish()
    if let file, let partial {
      guard fsync(output) == 0, close(output) == 0, rename(partial, file) == 0 else {
        throw Failure(.failed, "\(file) cannot be written: \(String(cString: strerror(errno)))")
      }
      if installation.arguments.printsJSON {
        Console.print(JSONOutput.object([("file", .string(file)), ("rows", .integer(Int64(count)))]).line)
      } else {
        Console.note("export: \(count) rows in \(file)")
      }
    }
  }

  private static func write(_ bytes: [UInt8], to descriptor: Int32, named name: String) throws {
    try bytes.withUnsafeBytes { buffer in
      var written = 0
      while written < buffer.count {
        let count = Glibc.write(descriptor, buffer.baseAddress.map { $0 + written }, buffer.count - written)
        if count >= 0 {
          written += count
        } else if errno != EINTR {
          throw Failure(.failed, "\(name) cannot be written: \(String(cString: strerror(errno)))")
        }
      }
    }
  }
}
