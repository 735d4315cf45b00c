// SPDX-License-Identifier: AGPL-3.0-or-later
import TestSupport
import Testing

@testable import Configuration

@Suite("What is read of a strfry.conf")
struct StrfryConfigurationTests {
  private func size(_ text: String) -> Int? { StrfryConfiguration(Array(text.utf8)).maxEventSize }

  @Test("maxEventSize is read from events, between comments and in either way of writing")
  func found() {
    #expect(size("events { maxEventSize = 65536 }") == 65_536)
    #expect(size("# maxEventSize = 1\ndb = \"./db/\"\nevents {\n  // one\n  maxEventSize = 1000 # two\n  maxNumTags = 2 }") == 1000)
    #expect(size("relay { info { name = \"events { maxEventSize = 5\" } } events { /* } */ maxEventSize: 7, }") == 7)
  }

  @Test(
    "elsewhere, or unreadable, it is no answer",
    arguments: [
      "", "relay { maxEventSize = 9 }", "maxEventSize = 9", "events { maxEventSize = }", "events { maxEventSize = many }", "events { maxEventSize = 0 }",
      "events { # maxEventSize = 9", "}}}{{{===", "\"", "'\\", "/*", "events { maxEventSize = 99999999999999999999 }",
    ])
  func absent(_ text: String) { #expect(size(text) == nil) }

  @Test("any bytes end")
  func hostile() {
    var random = SplitMix64(seed: 7)
    for _ in 0..<200 {
      let bytes = (0..<64).map { _ in Array("{}[]=:\"'#/*\\ \n,aé".utf8).randomElement(using: &random) ?? 0 }
      _ = StrfryConfiguration(bytes)
    }
  }

  @Test("the smaller limit counts, and a file that is missing now stops nothing")
  func limit() throws {
    let folder = try TemporaryFolder()
    try folder.write("events { maxEventSize = 5000 }", to: "strfry.conf")
    let environment = ["HOME": "/nowhere"]
    func read(_ text: String) throws -> Configuration { try Configuration.parse(Array(text.utf8), folder: folder.path, environment: environment) }
    #expect(try read("{ relay: { configFile: \"strfry.conf\" } }").maxEventBytes == 5000)
    #expect(try read("{ relay: { configFile: \"strfry.conf\", maxEventBytes: 3000 } }").maxEventBytes == 3000)
    #expect(try read("{ relay: { configFile: \"absent.conf\" } }").maxEventBytes == 65_536)
  }
}
