// SPDX-License-Identifier: AGPL-3.0-or-later
import Crowdfunding
import Nostr

extension Arguments {
  /// What the program is asked to do, with its arguments checked and typed.
  enum Command: Sendable, Equatable {
    case run
    /// `files`: paths, `-` for stdin; never empty. `source`: what bare events are judged as; nil: `Import`.
    case replay(files: [String], source: SourceType?)
    case rebuild(files: [String], RebuildCommand.Options)
    case deliver(once: Bool)
    case checkConfig(CheckConfig)
    case status
    /// `file`: a path, `-` for stdin, or the id of an accepted event. `source`: what a bare event is judged as; nil: live.
    case explain(file: String, source: SourceType?)
    case stateDigest
    /// `file`: nil for stdout. `replaces`: a file of that name may go.
    case stateExport(file: String?, replaces: Bool)
    case stateWaiting
    /// `file`: a path, or `-` for stdin. `withoutTrailer`: take request lines whose export has no end.
    case stateMerge(file: String, withoutTrailer: Bool)
    case stateDiff(file: String, withoutTrailer: Bool)
    /// nil: rows in any state.
    case outboxList(state: OutboxRowState?)
    case outboxShow(OutboxReference)
    /// nil: all that are held, failed or put off.
    case outboxRetry(OutboxReference?)
    case outboxDrop(OutboxReference)
    case campaignList(CampaignFilter)
    case campaignShow(projectID: String)
    /// nil: the user's own name; no reason.
    case campaignTrust(projectID: String, by: String?, reason: String?)
    /// nil: the user's own name.
    case campaignResolve(projectID: String, as: Resolution, by: String?, reason: String)
    case campaignVoteStatus(projectID: String)
    case collective(CollectiveRequest)
    case groupList
    case groupShow(EventID)
    /// `at`: Unix seconds; nil: now.
    case groupMember(EventID, PublicKey, at: UInt64?, GroupMode)
    case groupHistory(EventID)
    /// Hold stored proofs against the headers that are known now.
    case groupUpkeep
    /// nil: of the program.
    case help(CommandSyntax?)
    case version

    enum CheckConfig: Sendable, Equatable {
      case check
      /// Print every key with its default, annotated.
      case defaults
      /// Print the reference's table.
      case reference
    }

    enum GroupMode: String, Sendable, CaseIterable { case claimed, confirmed, conservative }

    enum CampaignFilter: String, Sendable { case active, completed, all }

    enum OutboxRowState: String, Sendable, CaseIterable { case due, delivered, held, failed }
  }
}
