// SPDX-License-Identifier: AGPL-3.0-or-later
import Policy

/// Every key of the configuration, in the order of the reference. Source: contract, *Configuration*.
///
/// A key whose work is not built yet is known and documented, and refused unless at its default: a setting never silently does nothing.
public enum ConfigurationSchema {
  public static let keys: [ConfigurationKey] =
    state + relay + judging + access + node + members + crowdfunding + money + collectives + groups + laterDomains + followUps + parking + delivery
    + output

  private static let byPath: [String: ConfigurationKey] = Dictionary(keys.map { ($0.path, $0) }, uniquingKeysWith: { first, _ in first })

  /// The paths of the objects that hold keys: `state`, `crowdfunding.votes`…
  static let sections: Set<String> = Set(keys.flatMap { sections(above: $0.path) })

  public static func key(at path: String) -> ConfigurationKey? { byPath[path] }

  /// `a` and `a.b` for `a.b.c`.
  static func sections(above path: String) -> [String] {
    let words = path.split(separator: ".")
    return (1..<max(1, words.count)).map { words.prefix($0).joined(separator: ".") }
  }

  private static let state: [ConfigurationKey] = [
    .init(
      "state.path", .path, .null,
      "folder of the LMDB environment; null: $STATE_DIRECTORY, else $XDG_STATE_HOME/commonsguard, else .local/state/commonsguard in $HOME, "
        + "else /var/lib/commonsguard"),
    .init("state.mapSizeMiB", .integer(16...16_777_216), .integer(1024), "the most that the state may grow to; disk space is taken as it fills"),
    .init(
      "state.durability", .choice(["full", "relaxed"]), .string("full"),
      "full: every accepted event is on disk before its answer; relaxed: fsync within 1 s, a power loss may corrupt: keep backups"),
  ]

  private static let relay: [ConfigurationKey] = [
    .init(
      "relay.configFile", .path, .null,
      "strfry.conf: where its events.maxEventSize is smaller than relay.maxEventBytes, that is the limit; read when it changes"),
    .init(
      "relay.maxEventBytes", .integer(1024...1_048_576), .integer(65_536),
      "the longest event that this relay and its peers store (strfry's events.maxEventSize): longer ones that a domain claims are refused"),
    .init(
      "relay.peers", .addresses, .array([]),
      "single addresses of other relays of the constellation: what they push is judged as what is pulled from them"),
    .init(
      "relay.peersPrivate", .boolean, .boolean(false),
      "allow loopback, private and link-local addresses among relay.peers: behind a proxy every client may look like that"),
    .init(
      "relay.updatesPerDay", .integer(1...1_000_000), .integer(100),
      "so many live versions of one address are taken in a UTC day: each that is replaced may be archived"),
  ]

  private static let judging: [ConfigurationKey] = [
    .init(
      "verify", .choice(["all", "claimed"]), .string("all"), "recompute id and signature of every event, or only of those that a domain claims"),
    .init("unclaimed", .choice(["accept", "reject"]), .string("accept"), "the answer to events that no domain claims"),
    .init("next.command", .other("a shell command"), .null, "another write-policy plugin, asked about events that no domain claims", .later("next")),
    .init("next.timeoutSeconds", .integer(1...3600), .integer(5), "how long it may take to answer", .later("next")),
    .init("next.onFailure", .choice(["reject", "accept"]), .string("reject"), "the answer when it fails", .later("next")),
    .init("next.kinds", .other("a list of kinds, or null for all"), .null, "the kinds that it is asked about", .later("next")),
  ]

  private static let access: [ConfigurationKey] = [
    .init("access.blocklists", .other("a list of paths"), .array([]), "files of public keys whose events are refused", .later("access")),
    .init("access.allowlists", .other("a list of paths"), .array([]), "files of public keys; with one, all others are refused", .later("access")),
    .init(
      "access.graceSeconds", .integer(0...604_800), .integer(3600), "how long a list that vanished or emptied keeps its last good content",
      .later("access")),
    .init(
      "access.rateLimits", .other("a list of { kinds, perPubkeyPerMinute, burst }"), .array([]), "how many events a public key may send",
      .later("access")),
  ]

  private static let node: [ConfigurationKey] = [
    .init("node.publicKey", .publicKey, .null, "this node's key; without it no signed follow-up is made"),
    .init(
      "node.secretKeyFile", .path, .string("/etc/commonsguard/node.key"), nullable: true,
      "its secret (nsec1… or hex, one line, mode 0600), read by the delivery worker only"),
    .init("node.stationId", .other("text"), .null, "this station's name in health reports", .later("economy")),
  ]

  private static let members: [ConfigurationKey] = [
    .init("members.astroportDirectory", .path, .null, "an Astroport directory of members", .later("members")),
    .init("members.files", .other("a list of paths"), .array([]), "JSON Lines files of members", .later("members")),
    .init(
      "members.graceSeconds", .integer(0...604_800), .integer(3600), "how long a list that vanished or emptied keeps its last good content",
      .later("members")),
    .init("members.didCommand", .command, .array([]), "run once for each contribution posted here", .later("members")),
  ]

  private static let followUps: [ConfigurationKey] = [
    .init("followUps.receipts", .boolean, .boolean(true), "kind 9742 for each contribution posted here"),
    .init("followUps.snapshots", .boolean, .boolean(true), "kind 30904 with a campaign's totals, when they changed"),
    .init(
      "followUps.labels", .names(NodeLabel.Name.allCases.map(\.rawValue)), .boolean(true),
      "kind 1985 (NIP-32) by which this node tells the others what it decided on live events"),
    .init(
      "followUps.archive", .choice(["live", "none"]), .string("live"),
      "kind 16 (NIP-18) by the node, with what relays drop and others need: replaced versions, and what a deletion names"),
    .init(
      "followUps.attestations", .boolean, .boolean(true),
      "kind 4834 for group events accepted live, in groups that name this node as a broadcast attester"),
    .init("followUps.alerts", .boolean, .boolean(true), "when a station's health status changes", .later("economy")),
    .init("followUps.failures", .boolean, .boolean(false), "kind 9742 with s=FAIL for each voided contribution", .later("settlement")),
    .init("followUps.debounceSeconds", .integer(0...3600), .integer(5), "how long a campaign's changes are gathered for one snapshot"),
  ]

  private static let parking: [ConfigurationKey] = [
    .init(
      "parking.maxEvents", .integer(0...10_000_000), .integer(50_000),
      "how many events from other relays may wait for what they name; beyond it the newest of the unknown key with most waiting goes"),
    .init(
      "parking.maxMiB", .integer(1...2_097_152), .null, "how much they may take together, half of state.mapSizeMiB at most; null: an eighth of it"),
    .init("parking.keepDays", .integer(1...3650), .integer(7), "how long one waits, by its receivedAt"),
  ]

  private static let delivery: [ConfigurationKey] = [
    .init(
      "delivery.sink", .choice(["none", "file", "import"]), .string("none"),
      "none: follow-ups stay due; file: append JSON Lines to delivery.file; import: feed delivery.command on stdin"),
    .init("delivery.file", .path, .null, "the file of sink \"file\""),
    .init("delivery.command", .command, .array([]), "the command of sink \"import\", such as [\"strfry\", \"import\"]"),
    .init(
      "delivery.confirm", .command, .array([]),
      "given a filter of ids as its last argument, prints the stored events, such as [\"strfry\", \"scan\"]; empty: handed over is delivered"),
    .init(
      "delivery.confirmAfterSeconds", .integer(1...86_400), .integer(30),
      "so long after its answer, an event that was accepted live is looked up with delivery.confirm, and delivered again where it is missing"),
    .init("delivery.attempts", .integer(1...1000), .integer(20), "after how many a follow-up is failed and waits for the operator"),
    .init("delivery.inProcess", .boolean, .boolean(true), "deliver from a thread of the plugin; false: only `commonsguard deliver` does"),
  ]

  private static let output: [ConfigurationKey] = [
    .init("metrics.textfile", .path, .null, "Prometheus text format, for node_exporter's textfile collector", .later("metrics")),
    .init("log.level", .choice(["debug", "info", "warning", "error"]), .string("info"), "the least that is logged"),
    .init("log.format", .choice(["text", "json"]), .string("text"), "how; never with event contents"),
  ]
}
