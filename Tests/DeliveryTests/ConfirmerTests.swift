// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import StateStore
import Testing

@testable import Delivery

@Suite("delivery.confirm tells what is delivered")
struct ConfirmerTests {
  private func sink(_ import: String, confirm: [String], _ file: String) -> CommandSink {
    CommandSink(arguments: ["sh", "-c", `import`, "sh", file], confirmer: Confirmer(arguments: confirm))
  }

  @Test("What is found is delivered, what is not is retried")
  func found() throws {
    let directory = try TemporaryDirectory()
    let file = directory.file("stored")
    let rows = signedRows(["one", "two"])
    let outcomes = sink("head -n 1 >> \"$1\"; cat > /dev/null", confirm: ["sh", "-c", "cat \"$0\"", file], file).deliver(rows)
    #expect(outcomes == [.delivered, .retry("sh took it, but delivery.confirm does not find it")])
  }

  @Test("The filter is the last argument, or stands where {filter} does")
  func filter() throws {
    let directory = try TemporaryDirectory()
    let row = signedRows(["one"])[0]
    let last = ["sh", "-c", "printf %s \"$1\" > \"$0\"", directory.file("a")]
    let within = ["sh", "-c", "printf %s \"$0\" > \"$1\"", "x{filter}", directory.file("b")]
    for (name, arguments) in [("a", last), ("b", within)] {
      _ = sink("cat > /dev/null", confirm: arguments, "").deliver([row])
      #expect(directory.text(name) == (name == "a" ? "" : "x") + "{\"ids\":[\"\(row.id.hex)\"]}")
    }
  }

  @Test("A confirmation that fails retries what it did not print")
  func failing() throws {
    let directory = try TemporaryDirectory()
    let rows = signedRows(["one", "two"])
    let file = directory.file("stored")
    let outcomes = sink("head -n 1 > \"$1\"; cat > /dev/null", confirm: ["sh", "-c", "cat \"$0\"; exit 2", file], file).deliver(rows)
    #expect(outcomes == [.delivered, .retry("delivery.confirm: exit 2")])
  }

  @Test("Garbage, other events and endless lines among what it prints change nothing")
  func garbage() throws {
    let directory = try TemporaryDirectory()
    let file = directory.file("stored")
    let row = signedRows(["one"])[0]
    let noise = String(decoding: signedRows(["another"])[0].line, as: UTF8.self)
    let script = "printf 'garbage\\n%s\\n' '\(noise)'; head -c 3000000 /dev/zero | tr '\\0' x; echo; cat \"$0\""
    #expect(sink("cat > \"$1\"", confirm: ["sh", "-c", script, file], file).deliver([row]) == [.delivered])
    #expect(sink("cat > /dev/null", confirm: ["sh", "-c", "echo '\(row.id.hex)'"], file).deliver([row]) != [.delivered])
  }

  @Test("An older version of an addressable event is delivered when the newer one of its batch is found; a regular event is not")
  func replaced() throws {
    let directory = try TemporaryDirectory()
    let file = directory.file("stored")
    let newestOnly = "tail -n 1 > \"$1\""
    let old = signedRows(["old"], kind: 30904, createdAt: 1_700_000_000, tags: [["d", "x"]])
    let new = signedRows(["new"], kind: 30904, createdAt: 1_700_000_001, tags: [["d", "x"]])
    let elsewhere = signedRows(["old"], kind: 30904, createdAt: 1_700_000_000, tags: [["d", "y"]])
    let confirm = ["sh", "-c", "cat \"$0\"", file]
    #expect(sink(newestOnly, confirm: confirm, file).deliver(old + new) == [.delivered, .delivered])
    #expect(sink(newestOnly, confirm: confirm, file).deliver(elsewhere + new).first != .delivered)
    #expect(sink(newestOnly, confirm: confirm, file).deliver(signedRows(["one", "two"])).first != .delivered)
  }

  @Test("Of two versions of one second the lower id takes the place of the other, never the other way round", arguments: [true, false])
  func replacedInOneSecond(lowerIsStored: Bool) throws {
    let directory = try TemporaryDirectory()
    let file = directory.file("stored")
    let rows = ["one", "two"].flatMap { signedRows([$0], kind: 30904, tags: [["d", "x"]]) }.sorted { ($0.id < $1.id) == lowerIsStored }
    // The first of the two is stored.
    let outcomes = sink("head -n 1 > \"$1\"; cat > /dev/null", confirm: ["sh", "-c", "cat \"$0\"", file], file).deliver(rows)
    #expect(outcomes.first == .delivered)
    #expect((outcomes.last == .delivered) == lowerIsStored)
  }

  @Test("A row that is never found is failed after all attempts")
  func failedAfterAttempts() throws {
    let installation = try Installation()
    let id = try installation.enqueue(["one"])[0]
    let worker = try installation.worker(
      sink("cat > /dev/null", confirm: ["true"], ""), options: DeliveryOptions(nodeKey: Installation.node.pubkey, attempts: 3))
    for attempt in 1...3 {
      _ = worker.runOnce()
      #expect(try installation.row(id).attempts == UInt32(attempt))
      installation.advance(seconds: 600)
    }
    #expect(try installation.row(id).state == .failed)
    #expect(worker.runOnce() == DeliveryPass())
  }
}
