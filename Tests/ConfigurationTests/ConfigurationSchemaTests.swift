// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Testing

@testable import Configuration

@Suite("Configuration schema")
struct ConfigurationSchemaTests {
  /// The contract's block, key by key, in its order.
  static let contract = """
    state.path state.mapSizeMiB state.durability verify unclaimed next.command next.timeoutSeconds next.onFailure next.kinds
    access.blocklists access.allowlists access.graceSeconds access.rateLimits node.publicKey node.secretKeyFile node.stationId
    members.astroportDirectory members.files members.graceSeconds members.didCommand
    crowdfunding.enabled crowdfunding.creators crowdfunding.captains crowdfunding.nodes
    crowdfunding.wallets.assets crowdfunding.wallets.capital crowdfunding.wallets.g1
    crowdfunding.assetsVoteThreshold crowdfunding.assetsVoteQuorum crowdfunding.g1LowThreshold
    crowdfunding.votes.voters crowdfunding.votes.settlement crowdfunding.likes.enabled crowdfunding.likes.defaultAmount
    balances.driver balances.command balances.ttlSeconds balances.waitMilliseconds
    settlement.driver settlement.preset settlement.command settlement.reconcileCommand settlement.timeoutSeconds settlement.maxAgeSeconds
    settlement.dailyCapPerMember settlement.capPerTransfer settlement.paused
    collectives.enabled collectives.approve collectives.veto collectives.checkpoint collectives.forkPolicy collectives.genesisMerit
    collectives.allowDeletion
    groups.enabled groups.kinds.init groups.kinds.proposal groups.kinds.vote groups.kinds.modification groups.kinds.attest
    groups.proposalsFrom groups.forkPolicy groups.headersFile groups.acceptNip03 groups.modificationCountsAsVote groups.allowDuplicateInit
    groups.allowNestedAdd groups.maxLagSeconds groups.maxDepth groups.maxElectorate groups.maxForkDepth groups.maxBranchesPerParent
    groups.maxAddsPerModification groups.openProposalsPerAuthor
    economy.enabled economy.stations economy.registry economy.strict economy.alertKind
    relay.configFile relay.maxEventBytes relay.peers relay.peersPrivate relay.updatesPerDay
    parking.maxEvents parking.maxMiB parking.keepDays
    followUps.receipts followUps.snapshots followUps.labels followUps.attestations followUps.alerts followUps.failures followUps.debounceSeconds
    followUps.archive
    delivery.sink delivery.file delivery.command delivery.confirm delivery.confirmAfterSeconds delivery.attempts delivery.inProcess
    metrics.textfile log.level log.format
    """.split(whereSeparator: \.isWhitespace).map(String.init)

  @Test("every key of the contract is known", arguments: contract)
  func contractKeyIsKnown(_ path: String) { #expect(ConfigurationSchema.key(at: path) != nil) }

  /// Options that the specs name besides the contract's.
  static let fromSpecs = """
    crowdfunding.umaps
    collectives.maxSecsPerPubkey collectives.dRegex collectives.acceptUnverifiedTxid collectives.requestKinds collectives.voteKinds
    collectives.approvalKinds collectives.transferKinds collectives.leadtimeKinds collectives.validateSatellites
    collectives.allowPublishedApprovals collectives.productPriceUnit collectives.totalOnly collectives.trustedZappers collectives.zappers
    groups.nodes groups.maxLimitingProposals groups.maxMetaKeys groups.maxMetaBytes
    """.split(whereSeparator: \.isWhitespace).map(String.init)

  @Test("the keys are the contract's and those that the specs name, each once")
  func nothingElse() {
    #expect(ConfigurationSchema.keys.map(\.path).sorted() == (Self.contract + Self.fromSpecs).sorted())
  }

  /// The contract's block at its defaults; what it shows as an example (paths, the other plugin, a limit) is left out.
  static let contractDefaults = """
    {
      state: { mapSizeMiB: 1024, durability: "full" }, verify: "all", unclaimed: "accept",
      next: { timeoutSeconds: 5, onFailure: "reject", kinds: null },
      access: { allowlists: [], graceSeconds: 3600 },
      node: { publicKey: null, secretKeyFile: "/etc/commonsguard/node.key", stationId: null },
      members: { astroportDirectory: null, files: [], graceSeconds: 3600, didCommand: [] },
      crowdfunding: { enabled: true, creators: "designated", captains: [], nodes: [], wallets: { assets: null, capital: null, g1: null },
                      assetsVoteThreshold: 100, assetsVoteQuorum: 10, g1LowThreshold: 10000,
                      votes: { voters: null, settlement: "none" }, likes: { enabled: false, defaultAmount: 1 } },
      balances: { driver: "none", command: [], ttlSeconds: 300, waitMilliseconds: 0 },
      settlement: { driver: "none", preset: null, command: [], reconcileCommand: [], timeoutSeconds: 300, maxAgeSeconds: 3600,
                    dailyCapPerMember: null, capPerTransfer: null, paused: false },
      collectives: { enabled: true, approve: "1/2", veto: "2/100", checkpoint: false, forkPolicy: "nip01", genesisMerit: true,
                     allowDeletion: false },
      groups: { enabled: true, kinds: { init: 4830, proposal: 4831, vote: 4832, modification: 4833, attest: 4834 }, proposalsFrom: "anyone",
                forkPolicy: "attested", headersFile: null, acceptNip03: true },
      economy: { enabled: true, stations: "first-seen", registry: null, strict: true, alertKind: 30853 },
      followUps: { receipts: true, snapshots: true, labels: true, attestations: true, alerts: true, failures: false, debounceSeconds: 5 },
      parking: { maxEvents: 50000, maxMiB: null, keepDays: 7 },
      delivery: { sink: "none", file: null, command: [], confirm: [], attempts: 20, inProcess: true },
      metrics: { textfile: null },
      log: { level: "info", format: "text" },
    }
    """

  @Test("the contract's defaults are ours")
  func contractDefaultsAreOurs() throws {
    #expect(try parse(Self.contractDefaults) == parse("{}"))
    #expect(compare(try #require(try JSON5Document(Array(Self.contractDefaults.utf8)).value.members), under: "") > 80)
  }

  /// Compares every leaf of the contract's block with the schema and counts them.
  private func compare(_ members: [String: JSONValue], under prefix: String) -> Int {
    members.reduce(0) { count, member in
      let path = prefix + member.key
      if case .object(let inner) = member.value { return count + compare(inner, under: path + ".") }
      #expect(ConfigurationSchema.key(at: path)?.defaultValue == member.value, "\(path)")
      return count + 1
    }
  }

  @Test(
    "a key that is not built is refused when set, in words that say what to do",
    arguments: ConfigurationSchema.keys.filter { $0.availability != .built })
  func laterIsRefused(_ key: ConfigurationKey) {
    let refused = errors(document(key.path, "\"other\""))
    #expect(refused.count == 1)
    #expect(refused.first?.hasSuffix(": \(key.path): not available in this version (leave it out)") == true, "\(refused)")
    #expect(errors(document(key.path, key.defaultValue.json)) == [])
  }

  @Test(
    "a key that is built refuses a value of another type, and takes its default",
    arguments: ConfigurationSchema.keys.filter { $0.availability == .built })
  func typesAreChecked(_ key: ConfigurationKey) {
    let refused = errors(document(key.path, "{ surprise: 1 }"))
    #expect(refused.count == 1)
    #expect(refused.first?.contains(": \(key.path): must be ") == true, "\(refused)")
    #expect(refused.first?.hasSuffix("not an object") == true, "\(refused)")
    #expect(errors(document(key.path, key.defaultValue.json)) == [])
  }

  private func document(_ path: String, _ value: String) -> String {
    let words = path.split(separator: ".")
    return words.map { "{ \($0): " }.joined() + value + String(repeating: " }", count: words.count)
  }

  @Test("the defaults document reads as the defaults, and names every key with its meaning")
  func defaultsDocument() throws {
    let text = ConfigurationSchema.defaultsDocument()
    #expect(try parse(text) == parse("{}"))
    let document = try JSON5Document(Array(text.utf8))
    for key in ConfigurationSchema.keys { #expect(document.outline.position(of: key.path) != nil, "\(key.path)") }
    #expect(text.contains("mapSizeMiB: 1024,"))
  }

  /// A file of the project.
  private func project(_ path: String) throws -> String {
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    return try String(contentsOf: package.appendingPathComponent(path), encoding: .utf8)
  }

  @Test("the reference page holds the reference")
  func referencePage() throws {
    #expect(try project("docs/reference/configuration.md").contains(ConfigurationSchema.referenceMarkdown()))
  }

  @Test("the annotated example is right, and says the defaults")
  func example() throws {
    var read = try parse(project("plugin-config/config.json5"))
    read.state.path = Configuration.builtIn(environment: [:]).state.path
    #expect(read == Configuration.builtIn(environment: [:]))
  }

  @Test("the reference has one row for each key")
  func reference() {
    let rows = ConfigurationSchema.referenceMarkdown().split(separator: "\n")
    #expect(rows.count == ConfigurationSchema.keys.count + 2)
    for (row, key) in zip(rows.dropFirst(2), ConfigurationSchema.keys) { #expect(row.hasPrefix("| `\(key.path)` |")) }
  }
}

extension JSONValue {
  fileprivate var members: [String: JSONValue]? { if case .object(let members) = self { members } else { nil } }
}

extension ConfigurationKey: CustomTestStringConvertible {
  public var testDescription: String { path }
}
