// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import Policy
import Testing

@testable import Configuration

@Suite("Configuration")
struct ConfigurationParsingTests {
  @Test("what may wait has its limits, by default an eighth of the map, and at most half of it")
  func parking() throws {
    #expect(try parse("{}").parking == Configuration.Parking(maxEvents: 50_000, maxMiB: nil, keepDays: 7))
    let set = try parse("{ parking: { maxEvents: 0, maxMiB: 512, keepDays: 30 } }").parking
    #expect(set == Configuration.Parking(maxEvents: 0, maxMiB: 512, keepDays: 30))
    let refused = "parking.maxMiB: must be at most half of state.mapSizeMiB: its indexes need room too"
    #expect(errors("{ parking: { maxMiB: 513 } }").first?.hasSuffix(refused) == true)
    #expect(errors("{ parking: { keepDays: 0 } }").count == 1 && errors("{ parking: { maxEvents: -1 } }").count == 1)
  }

  @Test("the defaults are the contract's")
  func defaults() {
    let built = Configuration.builtIn(environment: ["STATE_DIRECTORY": "/var/lib/commonsguard:/other"])
    #expect(built.state == .init(path: "/var/lib/commonsguard", mapSizeMiB: 1024, durability: .full))
    #expect(built.verifiesAll)
    #expect(!built.rejectsUnclaimed)
    #expect(built.node == .init(publicKey: nil, secretKeyFile: "/etc/commonsguard/node.key"))
    #expect(built.crowdfunding == CrowdfundingOptions())
    #expect(built.delivery == .init(sink: .none, confirm: [], attempts: 20, inProcess: true))
    #expect(built.log == .init(level: .info, format: .text))
  }

  @Test("the state's default path follows the environment")
  func statePath() {
    func path(_ environment: [String: String]) -> String { Configuration.builtIn(environment: environment).state.path }
    #expect(path(["STATE_DIRECTORY": "/a:/b", "XDG_STATE_HOME": "/x", "HOME": "/h"]) == "/a")
    #expect(path(["STATE_DIRECTORY": "", "XDG_STATE_HOME": "/x", "HOME": "/h"]) == "/x/commonsguard")
    #expect(path(["XDG_STATE_HOME": "relative", "HOME": "/h"]) == "/h/.local/state/commonsguard")
  }

  @Test("every setting that is built arrives where it belongs")
  func everySetting() throws {
    let read = try parse(
      """
      {
        state: { path: "state", mapSizeMiB: 64, durability: "relaxed" }, verify: "claimed", unclaimed: "reject",
        node: { publicKey: "\(someNpub)", secretKeyFile: null },
        crowdfunding: { enabled: false, creators: "captains", captains: ["\(someKey)"], nodes: ["\(someNpub)"],
          wallets: { g1: "D2meevcAHFTS2gQMvmRW5Hzi25jDdikk4nC4u1FkwRaU" }, assetsVoteThreshold: 12.5, assetsVoteQuorum: 3, votes: { voters: "anyone" } },
        followUps: { receipts: false, snapshots: false, labels: false, debounceSeconds: 0 },
        delivery: { sink: "import", command: ["strfry", "import"], confirm: ["strfry", "scan"], attempts: 3, inProcess: false },
        log: { level: "debug", format: "json" },
      }
      """)
    #expect(read.state == .init(path: "/etc/commonsguard/state", mapSizeMiB: 64, durability: .relaxed))
    #expect(!read.verifiesAll)
    #expect(read.rejectsUnclaimed)
    #expect(read.node.publicKey?.hex == someKey)
    #expect(read.node.secretKeyFile == nil)
    #expect(!read.crowdfunding.isEnabled)
    #expect(read.crowdfunding.creators == .captains)
    #expect(read.crowdfunding.captains.map(\.hex) == [someKey])
    #expect(read.crowdfunding.followUps.nodes.map(\.hex) == [someKey])
    #expect(read.crowdfunding.wallets.keys.map(\.name) == ["G1"])
    #expect(read.crowdfunding.assetsVoteThreshold == Amount(hundredths: 1250))
    #expect(read.crowdfunding.assetsVoteQuorum == 3)
    #expect(
      read.crowdfunding.followUps
        == FollowUpOptions(
          nodeKey: read.node.publicKey, nodes: read.crowdfunding.followUps.nodes, receipts: false, snapshots: false, labels: [], debounceSeconds: 0))
    #expect(read.delivery == .init(sink: .command(["strfry", "import"]), confirm: ["strfry", "scan"], attempts: 3, inProcess: false))
    #expect(read.log == .init(level: .debug, format: .json))
  }

  @Test(
    "a wrong value is refused with its place, its key and what would be right",
    arguments: [
      ("{state: {mapSizeMiB: 8}}", "configuration:1:10: state.mapSizeMiB: must be a whole number from 16 to 16777216; not 8"),
      ("{state: {mapSizeMiB: 64.5}}", "configuration:1:10: state.mapSizeMiB: must be a whole number from 16 to 16777216; not 64.5"),
      ("{state: {mapSizeMiB: \"64\"}}", "configuration:1:10: state.mapSizeMiB: must be a whole number from 16 to 16777216; not text"),
      (
        "{state: {mapSizeMiB: 99999999999999999999}}",
        "configuration:1:10: state.mapSizeMiB: must be a whole number from 16 to 16777216; not 99999999999999999999"
      ),
      ("{\n  state: {\n    durability: 'ful' } }", "configuration:3:5: state.durability: must be \"full\" or \"relaxed\"; not \"ful\""),
      ("{verify: null}", "configuration:1:2: verify: must be \"all\" or \"claimed\"; not null"),
      ("{state: 1}", "configuration:1:2: state: must be an object { … }, not a number"),
      ("[]", "configuration:1:1: the configuration must be an object { … }, not a list"),
      ("{delivery: {attempts: 0}}", "configuration:1:13: delivery.attempts: must be a whole number from 1 to 1000; not 0"),
      ("{delivery: {inProcess: 1}}", "configuration:1:13: delivery.inProcess: must be true or false; not a number"),
      (
        "{delivery: {command: ['strfry import']}}",
        "configuration:1:23: delivery.command[0]: no shell reads this: write each argument as its own text"
      ),
      ("{delivery: {confirm: ['strfry', 1]}}", "configuration:1:33: delivery.confirm[1]: must be text, not a number"),
      ("{delivery: {confirm: ['']}}", "configuration:1:23: delivery.confirm[0]: must name a program"),
      (
        "{node: {publicKey: 'ABC'}}",
        "configuration:1:9: node.publicKey: must be npub1… or 64 lowercase hex digits, or null; this is neither"
      ),
      (
        "{crowdfunding: {captains: ['\(someKey)', '\(someKey.uppercased())']}}",
        "configuration:1:96: crowdfunding.captains[1]: must be npub1… or 64 lowercase hex digits; the hex digits of this one are not lowercase"
      ),
      (
        "{crowdfunding: {nodes: [5]}}", "configuration:1:25: crowdfunding.nodes[0]: must be npub1… or 64 lowercase hex digits; not a number"
      ),
      (
        "{crowdfunding: {assetsVoteThreshold: 0}}",
        "configuration:1:17: crowdfunding.assetsVoteThreshold: must be a number of Ẑ above 0 with at most two places; not 0"
      ),
      (
        "{crowdfunding: {assetsVoteThreshold: 1.001}}",
        "configuration:1:17: crowdfunding.assetsVoteThreshold: must be a number of Ẑ above 0 with at most two places; not 1.001"
      ),
      (
        "{crowdfunding: {wallets: {assets: 'l0O'}}}",
        "configuration:1:27: crowdfunding.wallets.assets: must be a Ğ1 public key (base58 or SS58), or null; this is neither"
      ),
      (
        "{crowdfunding: {creators: 'members'}}",
        "configuration:1:17: crowdfunding.creators: \"members\" is not available in this version (use \"designated\" or \"captains\")"
      ),
      (
        "{crowdfunding: {votes: {voters: 'societaires'}}}",
        "configuration:1:25: crowdfunding.votes.voters: \"societaires\" is not available in this version (use \"anyone\", or null)"
      ),
      ("{log: {level: 'INFO'}}", "configuration:1:8: log.level: must be \"debug\", \"info\", \"warning\" or \"error\"; not \"INFO\""),
      ("{state: {path: ''}}", "configuration:1:10: state.path: must be a path, not an empty text"),
      (
        "{members: {astroportDirectory: '/x'}}",
        "configuration:1:12: members.astroportDirectory: not available in this version (leave it out)"
      ),
    ])
  func wrongValues(_ text: String, _ expected: String) { #expect(errors(text) == [expected]) }

  @Test(
    "a public key that is none is refused with the reason, and not repeated",
    arguments: [
      ("N" + someNpub.dropFirst(), "this one mixes upper and lower case"),
      (String(someNpub.dropLast()), "a character of this one is wrong or missing: its checksum does not hold"),
      (String(repeating: "f", count: 64), "no key has these bytes: they are no point of the curve"),
      (String(repeating: "0", count: 64), "no key has these bytes: they are no point of the curve"),
      (someKey + "00", "this is neither"), ("nprofile1qqs", "this is neither"),
      (
        ConfigurationFilesTests.nsec,
        "this is a SECRET KEY, and it is in the wrong place: take it out of this file, and count it as known to all who could read it"
      ),
      (
        ConfigurationFilesTests.nsec.uppercased(),
        "this is a SECRET KEY, and it is in the wrong place: take it out of this file, and count it as known to all who could read it"
      ),
    ])
  func noPublicKey(_ text: String, _ reason: String) {
    let expected = "configuration:1:9: node.publicKey: must be npub1… or 64 lowercase hex digits, or null; \(reason)"
    #expect(errors("{node: {publicKey: '\(text)'}}") == [expected])
  }

  @Test("npub is read in either case")
  func upperCase() throws {
    #expect(try parse("{node: {publicKey: '\(someNpub.uppercased())'}}").node.publicKey?.hex == someKey)
  }

  @Test("a secret under any key is not repeated, in either case")
  func secretsAnywhere() {
    for secret in [ConfigurationFilesTests.nsec, ConfigurationFilesTests.nsec.uppercased()] {
      for text in ["{\(secret): 1}", "{verify: '\(secret)'}", "{node: {secretKeyFile: 'a', secretKey: '\(secret)'}}", "{verify: \(secret)}"] {
        let told = errors(text).joined()
        #expect(!told.isEmpty && !told.lowercased().contains(ConfigurationFilesTests.nsec.dropFirst(5)), "\(text)")
      }
    }
  }

  @Test(
    "what only a shell would replace in a path is refused, with what to write instead",
    arguments: [
      ("{state: {path: '~/st'}}", "1:10: state.path: no shell reads this: write the folder itself instead of ~, such as /home/alice"),
      ("{state: {path: '$HOME/st'}}", "1:10: state.path: no shell reads this: write what $HOME stands for"),
      ("{state: {path: '/var/${NAME}/st'}}", "1:10: state.path: no shell reads this: write what ${NAME} stands for"),
      (
        "{delivery: {command: ['~/bin/strfry', 'import']}}",
        "1:23: delivery.command[0]: no shell reads this: write the folder itself instead of ~, such as /home/alice"
      ),
      (
        "{delivery: {confirm: ['strfry', '--config=x', '$HOME/strfry.conf']}}",
        "1:47: delivery.confirm[2]: no shell reads this: write what $HOME stands for"
      ),
    ])
  func shellWords(_ text: String, _ expected: String) { #expect(errors(text) == ["configuration:\(expected)"]) }

  @Test("a dollar and a tilde that no shell would touch are taken")
  func harmlessSigns() throws {
    #expect(try parse("{state: {path: '/srv/a~b/5$'}}").state.path == "/srv/a~b/5$")
    #expect(
      try parse("{delivery: {sink: 'import', command: ['cat', '{\"kinds\":[1]}', '$1']}}").delivery.sink
        == .command(["cat", "{\"kinds\":[1]}", "$1"]))
  }

  @Test(
    "an unknown key is refused, with a guess where one is near",
    arguments: [
      ("{delivry: {}}", "configuration:1:2: delivry: unknown key; did you mean delivery?"),
      ("{delivery: {sinc: 'none'}}", "configuration:1:13: delivery.sinc: unknown key; did you mean sink?"),
      ("{zzz: 1}", "configuration:1:2: zzz: unknown key"),
      ("{'state.path': '/x'}", "configuration:1:2: state.path: unknown key; a dot stands for nesting, as in { state: { path: … } }"),
    ])
  func unknownKeys(_ text: String, _ expected: String) { #expect(errors(text) == [expected]) }

  @Test("a key given twice is refused at its second place")
  func duplicates() {
    #expect(errors("{verify: 'all',\n verify: 'claimed'}") == ["configuration:2:2: verify: is given twice"])
    #expect(errors("{state: {path: '/a'}, log: {level: 'info'}}") == [])
  }

  @Test("all errors are reported, in the order of the file")
  func allErrors() {
    let found = errors("{\n log: {level: 'x', format: 'y'},\n what: 1,\n delivery: {sink: 'file'},\n crowdfunding: {creators: 'captains'},\n}")
    #expect(found.map { $0.split(separator: ":")[1] } == ["2", "2", "3", "4", "5"])
  }

  @Test("sink file needs a file")
  func sinkFile() throws {
    #expect(
      errors("{delivery:\n {sink: 'file'}}") == ["configuration:2:3: delivery.file: must be set, since delivery.sink is \"file\""])
    #expect(try parse("{delivery: {sink: 'file', file: 'out.jsonl'}}").delivery.sink == .file("/etc/commonsguard/out.jsonl"))
  }

  @Test("sink import needs a command; a wrong command is reported once, as wrong")
  func sinkImport() throws {
    #expect(
      errors("{delivery: {sink: 'import'}}") == ["configuration:1:13: delivery.command: must be set, since delivery.sink is \"import\""])
    #expect(errors("{delivery: {sink: 'import', command: 5}}").count == 1)
    #expect(try parse("{delivery: {sink: 'import', command: ['cat']}}").delivery.sink == .command(["cat"]))
  }

  @Test("creators captains needs captains")
  func captains() throws {
    #expect(
      errors("{crowdfunding: {creators: 'captains'}}").first?.contains("crowdfunding.creators: \"captains\" needs crowdfunding.captains") == true)
    #expect(try parse("{crowdfunding: {creators: 'captains', captains: ['\(someKey)']}}").crowdfunding.captains.count == 1)
  }
}
