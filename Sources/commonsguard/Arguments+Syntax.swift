// SPDX-License-Identifier: AGPL-3.0-or-later

extension Arguments {
  /// An option of the command line.
  struct OptionSyntax: Sendable, Equatable {
    /// Without the dashes.
    let name: String
    /// What stands for its value in the help; nil: it takes none.
    let value: String?
    let summary: String
    /// Works, and is not in the help.
    let isHidden: Bool
    /// May be given several times.
    let isRepeatable: Bool

    init(_ name: String, value: String? = nil, _ summary: String, isHidden: Bool = false, isRepeatable: Bool = false) {
      self.name = name
      self.value = value
      self.summary = summary
      self.isHidden = isHidden
      self.isRepeatable = isRepeatable
    }
  }

  /// A command: what the parser accepts and what its help says.
  struct CommandSyntax: Sendable, Equatable {
    /// One word, or a group and a word: `campaign trust`.
    let name: String
    /// Its operands, as in the help.
    let operands: String
    let operandCount: ClosedRange<Int>
    let options: [OptionSyntax]
    let summary: String
    let example: String

    init(
      _ name: String, operands: String = "", count: ClosedRange<Int> = 0...0, options: [OptionSyntax] = [], _ summary: String, example: String
    ) {
      self.name = name
      self.operands = operands
      operandCount = count
      self.options = options
      self.summary = summary
      self.example = example
    }

    /// Its group, for commands of two words.
    var group: String? {
      let words = name.split(separator: " ")
      return words.count == 2 ? String(words[0]) : nil
    }

    static func named(_ name: String) -> CommandSyntax? { all.first { $0.name == name } }

    /// The options that every command takes.
    static let common: [OptionSyntax] = [
      .init("config", value: "FILE", "the configuration file"),
      .init("state", value: "DIR", "the state's folder, whatever the configuration says"),
      .init("json", "print JSON: one document, or one line for each row of a list"),
      .init("help", "print this and do nothing else"),
      .init("version", "print the version and do nothing else"),
    ]

    static let all: [CommandSyntax] = program + collectives

    private static let program: [CommandSyntax] = [
      .init(
        "run", "the plugin: requests on stdin, decisions on stdout, log on stderr (the default command)",
        example: "commonsguard run --config /etc/commonsguard/config.json5"),
      .init(
        "replay", operands: "[FILE...|-]", count: 0...10_000,
        options: [.init("as", value: "SOURCE", "judge bare events as coming from there: IP4, IP6, Stream, Sync, Stored or Import (default)")],
        "judge a recorded stream (request lines, or bare events); without --state on a temporary state",
        example: "strfry export | commonsguard replay -"),
      .init(
        "rebuild", operands: "[FILE...|-]", count: 0...10_000,
        options: [
          .init("with-follow-ups", "write follow-ups to the outbox again"),
          .init("no-trailer", "take request lines although the end of their export is missing"),
        ],
        "rebuild an empty state from a journal export, or from bare events; exit status 1 when anything of an export is missing or refused",
        example: "commonsguard state export | commonsguard rebuild --state /tmp/second -"),
      .init(
        "deliver", options: [.init("once", "deliver what is due now, then end")], "deliver follow-ups", example: "commonsguard deliver --once"),
      .init(
        "check-config",
        options: [
          .init("defaults", "print every key with its default and its meaning, as a file to start from"),
          .init("reference", "print the reference's table", isHidden: true),
        ], "read the configuration and explain what is wrong; exit status 0 or 78", example: "commonsguard check-config --config ./config.json5"),
      .init("status", "counters, latency, outbox and state sizes", example: "commonsguard status --json"),
      .init(
        "explain", operands: "EVENT.json|ID|-", count: 1...1,
        options: [.init("as", value: "SOURCE", "judge a bare event as coming from there: IP4 (default), IP6, Stream, Sync, Stored or Import")],
        "what this relay would answer to an event now, and why: who claims it, the checks passed, the one that failed",
        example: "strfry scan '{\"ids\":[\"…\"]}' | commonsguard explain -"),
      .init(
        "state digest", "one SHA-256 for each domain, one for all, and one of the settings that they depend on",
        example: "commonsguard state digest --json"),
      .init(
        "state export", operands: "[FILE]", count: 0...1, options: [.init("force", "write over a file that is there")],
        "the journal as request lines, with an end that tells that it is whole; `rebuild` makes the same state of them",
        example: "commonsguard state export journal.jsonl"),
      .init("state waiting", "the events that wait here, and for what, oldest first", example: "commonsguard state waiting --json"),
      .init(
        "state merge", operands: "FILE|-", count: 1...1,
        options: [.init("no-trailer", "take request lines although the end of their export is missing")],
        "take another node's export, or bare events, into a state that may be in use; exit status 1 when anything of an export is refused or waits",
        example: "ssh other commonsguard state export | commonsguard state merge -"),
      .init(
        "state diff", operands: "FILE|-", count: 1...1,
        options: [.init("no-trailer", "take request lines although the end of their export is missing")],
        "what this state and another node's export lack of each other, and where they come to other figures; writes nothing; exit status 0 or 1",
        example: "ssh other commonsguard state export | commonsguard state diff -"),
      .init(
        "outbox list", options: [.init("state-filter", value: "STATE", "only rows that are due, delivered, held or failed")],
        "the follow-ups, oldest first", example: "commonsguard outbox list --state-filter failed"),
      .init(
        "outbox show", operands: "ID|NUMBER", count: 1...1, "one follow-up and its event; of an id the first 8 digits are enough",
        example: "commonsguard outbox show 4f160afe"),
      .init(
        "outbox retry", operands: "ID|NUMBER", count: 0...1, options: [.init("all", "all that are held, failed or put off")],
        "make a follow-up due again, at once", example: "commonsguard outbox retry --all"),
      .init(
        "outbox drop", operands: "ID|NUMBER", count: 1...1, "forget a follow-up for ever, also one that cannot be read",
        example: "commonsguard outbox drop 4f160afe"),
      .init(
        "campaign list",
        options: [
          .init("active", "those that are neither completed nor cancelled"), .init("completed", "the others"), .init("all", "all (default)"),
        ],
        "the campaigns and their totals", example: "commonsguard campaign list --active"),
      .init(
        "campaign show", operands: "ID", count: 1...1, "one campaign: goals, vote, contributions",
        example: "commonsguard campaign show CF-20260101-AB12"),
      .init(
        "campaign trust", operands: "ID", count: 1...1,
        options: [
          .init("by", value: "NAME", "who decides (default: your user name)"), .init("reason", value: "TEXT", "why; both are kept in the journal"),
        ],
        "trust a campaign whose captain is not configured",
        example: "commonsguard campaign trust CF-20260101-AB12 --by alice --reason \"met the owner\""),
      .init(
        "campaign resolve", operands: "ID", count: 1...1,
        options: [
          .init("as", value: "OUTCOME", "approved or open (the vote), kept or deleted (the campaign)"),
          .init("by", value: "NAME", "who decides (default: your user name)"), .init("reason", value: "TEXT", "why; needed, and kept in the journal"),
        ],
        "end a dispute between relays: it holds here against whatever comes later, and is announced to the other nodes",
        example: "commonsguard campaign resolve CF-20260101-AB12 --as approved --reason \"agreed by phone\""),
      .init(
        "campaign vote-status", operands: "ID", count: 1...1, "how a campaign's vote on ASSETS stands",
        example: "commonsguard campaign vote-status CF-20260101-AB12"),
      .init("group list", "the groups and their tips", example: "commonsguard group list"),
      .init("group show", operands: "G", count: 1...1, "a group's state at its tip", example: "commonsguard group show <64 hex digits>"),
      .init(
        "group member", operands: "G PUBKEY", count: 2...2,
        options: [
          .init("at", value: "UNIX", "the time asked about, in Unix seconds (default: now)"),
          .init("mode", value: "MODE", "what is believed: claimed (default), confirmed, or conservative (for authorisation)"),
        ], "whether somebody is, or was, a member; exit status 0 or 1",
        example: "commonsguard group member <group> <pubkey> --at 1700000000 --mode conservative"),
      .init(
        "group history", operands: "G", count: 1...1, "a group's modifications, and its switches between branches",
        example: "commonsguard group history <64 hex digits>"),
      .init("group upkeep", "hold stored time stamps against the headers that are known now", example: "commonsguard group upkeep"),
    ]

    /// Commands of the contract that come with later versions.
    static let later: Set<String> = [
      "doctor", "settlement", "economy", "dashboard", "state backup", "state restore", "state check", "state compact",
      "campaign create", "campaign add-owner", "campaign status", "campaign contribute", "campaign vote", "campaign finalize", "campaign import",
      "campaign export", "campaign dashboard",
    ]
  }
}
