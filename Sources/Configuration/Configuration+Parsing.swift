// SPDX-License-Identifier: AGPL-3.0-or-later
import Collectives
import Crowdfunding
import FoundationEssentials
import Glibc
import Groups
import Nostr
import Policy

extension Configuration {
  /// The defaults, as with no file at all.
  public static func builtIn(environment: [String: String]) -> Configuration {
    var values = ConfigurationValues()
    return Configuration(&values, folder: "/", environment: environment)
  }

  /// Reads a configuration from JSON5 and reports everything that is wrong with it.
  ///
  /// - Parameters:
  ///   - bytes: UTF-8.
  ///   - folder: what relative paths are taken from.
  ///   - environment: for the default of `state.path`.
  public static func parse(_ bytes: [UInt8], folder: String, environment: [String: String]) throws(ConfigurationErrors) -> Configuration {
    var values: ConfigurationValues
    do { values = ConfigurationValues(try JSON5Document(bytes)) } catch { throw ConfigurationErrors([error]) }
    let configuration = Configuration(&values, folder: folder, environment: environment)
    if !values.errors.isEmpty { throw ConfigurationErrors(values.errors) }
    return configuration
  }

  /// Takes checked values; what contradicts is reported to `values`, and the configuration is then not to be used.
  private init(_ values: inout ConfigurationValues, folder: String, environment: [String: String]) {
    func path(_ key: String) -> String? { values[key].string.map { Self.absolute($0, in: folder) } }
    func integer(_ key: String) -> Int { Int(values[key].integer ?? 0) }
    func boolean(_ key: String) -> Bool { values[key].boolean ?? false }
    func text(_ key: String) -> String { values[key].string ?? "" }

    state = State(
      path: path("state.path") ?? DefaultStatePath.find(in: environment), mapSizeMiB: integer("state.mapSizeMiB"),
      durability: State.Durability(rawValue: text("state.durability")) ?? .full)
    let relayFile = path("relay.configFile")
    relayConfigFile = relayFile
    maxEventBytes = integer("relay.maxEventBytes")
    if let relayFile {
      // One that cannot be read now stops nothing: check-config says so.
      if let size = try? StrfryConfiguration(path: relayFile).maxEventSize { maxEventBytes = min(maxEventBytes, size) }
    }
    peers = Self.peers(&values)
    updatesPerDay = integer("relay.updatesPerDay")
    verifiesAll = text("verify") != "claimed"
    rejectsUnclaimed = text("unclaimed") == "reject"
    node = Node(publicKey: values["node.publicKey"].string.flatMap(ConfigurationKey.publicKey), secretKeyFile: path("node.secretKeyFile"))
    parking = Parking(
      maxEvents: integer("parking.maxEvents"), maxMiB: values["parking.maxMiB"].integer.map { Int($0) }, keepDays: integer("parking.keepDays"))
    delivery = Delivery(
      sink: .none, confirm: values["delivery.confirm"].strings ?? [],
      confirmAfterSeconds: UInt64(clamping: integer("delivery.confirmAfterSeconds")), attempts: integer("delivery.attempts"),
      inProcess: boolean("delivery.inProcess"))
    log = Log(level: Diagnostic.Level(rawValue: text("log.level")) ?? .info, format: Log.Format(rawValue: text("log.format")) ?? .text)
    let umapsFile = path("crowdfunding.umaps")
    readFiles = [umapsFile, relayFile].compactMap { $0 }
    let nodes = Self.keys(values["crowdfunding.nodes"]) ?? []
    followUps = FollowUpOptions(
      nodeKey: node.publicKey, nodes: nodes, receipts: boolean("followUps.receipts"), snapshots: boolean("followUps.snapshots"),
      labels: Self.labels(values["followUps.labels"]), archives: text("followUps.archive") != "none",
      debounceSeconds: UInt64(clamping: integer("followUps.debounceSeconds")))
    crowdfunding = CrowdfundingOptions(followUps: followUps)
    collectives = CollectivesOptions(followUps: followUps)
    let deliveryFile = path("delivery.file")
    let headersFile = path("groups.headersFile")
    // The chain is the same for both.
    collectives.headers = BitcoinHeaders(path: headersFile)
    groups = Self.readGroups(&values, headersFile: headersFile)
    groups.followUps = followUps
    groups.followUps.nodes = Self.keys(values["groups.nodes"]) ?? nodes

    readCrowdfunding(&values, umapsFile: umapsFile)
    collectives.read(&values)
    collectives.maxEventBytes = maxEventBytes
    readSink(&values, file: deliveryFile)
    if let mebibytes = parking.maxMiB, mebibytes > state.mapSizeMiB / 2 {
      values.reportContradiction("parking.maxMiB", with: ["state.mapSizeMiB"], "must be at most half of state.mapSizeMiB: its indexes need room too")
    }
  }

  private mutating func readCrowdfunding(_ values: inout ConfigurationValues, umapsFile: String?) {
    func keys(_ path: String) -> Set<PublicKey> { Self.keys(values[path]) ?? [] }
    func wallet(_ name: String) -> G1Key? { values["crowdfunding.wallets.\(name)"].string.flatMap { G1Key(Text($0)) } }

    crowdfunding.isEnabled = values["crowdfunding.enabled"].boolean ?? true
    crowdfunding.creators = values["crowdfunding.creators"].string.flatMap(CrowdfundingOptions.Creators.init) ?? .designated
    crowdfunding.captains = keys("crowdfunding.captains")
    crowdfunding.wallets[.zenConvertible] = wallet("assets")
    crowdfunding.wallets[.zenCommons] = wallet("capital")
    crowdfunding.wallets[.g1] = wallet("g1")
    if let threshold = ConfigurationKey.amount(values["crowdfunding.assetsVoteThreshold"]) { crowdfunding.assetsVoteThreshold = threshold }
    crowdfunding.assetsVoteQuorum = UInt64(clamping: values["crowdfunding.assetsVoteQuorum"].integer ?? 0)
    if crowdfunding.creators == .captains, crowdfunding.captains.isEmpty {
      values.reportContradiction(
        "crowdfunding.creators", with: ["crowdfunding.captains"],
        "\"captains\" needs crowdfunding.captains: with none, nobody could create a campaign")
    }
    if let umapsFile {
      do { crowdfunding.umaps = try UmapFile.read(umapsFile) } catch { values.reportContradiction("crowdfunding.umaps", "\(error)") }
    }
  }

  /// The keys of a list; nil where there is none.
  private static func keys(_ value: JSONValue) -> Set<PublicKey>? { value.strings.map { Set($0.compactMap(ConfigurationKey.publicKey)) } }

  private static func labels(_ value: JSONValue) -> Set<NodeLabel.Name> {
    if let names = value.strings { return Set(names.compactMap(NodeLabel.Name.init)) }
    return value.boolean ?? true ? Set(NodeLabel.Name.allCases) : []
  }

  /// Addresses that every client behind a proxy may have are reported to `values`.
  private static func peers(_ values: inout ConfigurationValues) -> Set<NetworkAddress> {
    let peers = (values["relay.peers"].strings ?? []).compactMap { NetworkAddress($0) }
    if values["relay.peersPrivate"].boolean != true, let peer = peers.first(where: \.isPrivate) {
      values.reportContradiction(
        "relay.peers", with: ["relay.peersPrivate"],
        "\(peer) is loopback, private or link-local: behind a proxy every client may look like that; set relay.peersPrivate if none does")
    }
    return Set(peers)
  }

  private mutating func readSink(_ values: inout ConfigurationValues, file: String?) {
    let command = values["delivery.command"].strings ?? []
    switch values["delivery.sink"].string {
    case "file":
      if let file {
        delivery.sink = .file(file)
      } else {
        values.reportContradiction("delivery.file", with: ["delivery.sink"], "must be set, since delivery.sink is \"file\"")
      }
    case "import":
      if command.isEmpty {
        values.reportContradiction("delivery.command", with: ["delivery.sink"], "must be set, since delivery.sink is \"import\"")
      } else {
        delivery.sink = .command(command)
      }
    default: return
    }
  }

  private static func absolute(_ path: String, in folder: String) -> String {
    path.hasPrefix("/") ? path : folder.hasSuffix("/") ? folder + path : "\(folder)/\(path)"
  }
}
