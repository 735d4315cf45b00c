// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// What this node publishes after crowdfunding's decisions. Source: settlement-and-follow-ups, *Follow-ups*.
///
/// Receipts and labels take their created_at and tags from the trigger, so that they are the same whenever they are made.
struct CrowdfundingFollowUp {
  let options: FollowUpOptions

  init(_ options: FollowUpOptions) { self.options = options }

  /// Kind 9742: this contribution was accepted live here, and posted.
  func receipt(_ contribution: Contribution, _ event: VerifiedEvent, _ campaign: CampaignRecord) -> [FollowUp] {
    guard options.receipts, let node = options.nodeKey else { return [] }
    let (project, head, id, author, createdAt) = (campaign.project, campaign.head, event.id, event.pubkey, event.createdAt)
    let (amount, target) = (contribution.amount, contribution.target)
    return [
      .made {
        let receipt = try UnsignedEvent(pubkey: node, createdAt: createdAt, kind: 9742) { tags in
          if let head {
            tags.begin("e")
            tags.add(head.id)
            tags.begin("a")
            tags.add(Address(kind: 30904, pubkey: head.author, identifier: head.terms.identifier))
          }
          tags.begin("e")
          tags.add(id)
          tags.add(literal: "")
          tags.add(literal: "reaction")
          tags.begin("p")
          tags.add(author)
          tags.begin("project-id")
          tags.add(project)
          tags.begin("amount")
          tags.open()
          tags.put(amount)
          tags.close()
          tags.begin("currency")
          tags.add(literal: "ZEN")
          tags.begin("target")
          tags.add(text: target.name)
          // CF:<project-id>:ZEN:<N>:<first 8 hex of the sender>:<first 16 hex of the event id>
          tags.begin("tx_ref")
          tags.open()
          tags.put(literal: "CF:")
          tags.put(project)
          tags.put(literal: ":ZEN:")
          tags.put(amount)
          tags.put(literal: ":")
          tags.put(author.value, hexDigits: 8)
          tags.put(literal: ":")
          tags.put(id.value, hexDigits: 16)
          tags.close()
          tags.add(tags: #"["s","OK"],["settlement","none"],["t","crowdfunding-contribution"],["t","UPlanet"],["role","receipt"]"#)
        }
        return FollowUpEvent(name: .contributionReceipt, subject: project.bytes, trigger: id, body: .unsigned(receipt))
      }
    ]
  }

  /// Kind 1985 (NIP-32): what this node decided on a live event.
  ///
  /// - Parameter campaign: the one that it is about; nil where a deletion concerns none that is known, or several.
  func label(_ name: NodeLabel.Name, _ event: VerifiedEvent, of campaign: CampaignRecord?) -> [FollowUp] {
    guard options.labels.contains(name), let node = options.nodeKey else { return [] }
    let (id, author, createdAt) = (event.id, event.pubkey, event.createdAt)
    let (project, latest) = (campaign?.project, campaign?.latest)
    return [
      .made {
        let label = try NodeLabel.make(name, by: node, at: createdAt, about: (id, author)) { tags in
          if let project { tags.add(project, latest) }
        }
        return FollowUpEvent(name: .decisionLabel, subject: project?.bytes ?? id.bytes, trigger: id, body: .unsigned(label))
      }
    ]
  }

  /// Kind 1985: how this node's operator ended a dispute. It has no trigger but itself.
  func label(_ resolution: Resolution, of campaign: CampaignRecord, at time: UInt64) -> [FollowUp] {
    guard options.labels.contains(.resolved), let node = options.nodeKey else { return [] }
    let (project, latest) = (campaign.project, campaign.latest)
    return [
      .made {
        let label = try NodeLabel.make(.resolved, by: node, at: time, about: nil) { tags in
          tags.add(project, latest)
          tags.begin("outcome")
          tags.add(text: resolution.rawValue)
        }
        return FollowUpEvent(name: .decisionLabel, subject: project.bytes, trigger: label.id, body: .unsigned(label))
      }
    ]
  }

  /// Asks for a snapshot of a campaign, debounced; at once when its status changed.
  func snapshotRequest(_ project: ProjectID, _ event: VerifiedEvent, _ circumstances: Circumstances, atOnce: Bool) -> [FollowUp] {
    snapshotRequest(project, trigger: event.id, receivedAt: circumstances.receivedAt, atOnce: atOnce)
  }

  func snapshotRequest(_ project: ProjectID, trigger: EventID, receivedAt: UInt64, atOnce: Bool) -> [FollowUp] {
    guard options.snapshots, options.nodeKey != nil else { return [] }
    let (due, overflow) = receivedAt.addingReportingOverflow(atOnce ? 0 : options.debounceSeconds)
    return [
      .deferred(
        DeferredFollowUp(
          domain: .crowdfunding, name: .campaignSnapshot, subject: project.bytes, trigger: trigger, receivedAt: receivedAt,
          dueAt: overflow ? .max : due))
    ]
  }

  /// Builds the snapshot that was asked for: kind 30904 by the node, `role`=`snapshot`, `d` = project id and `:snapshot`, which no version has:
  /// relays would drop a campaign for its own snapshot.
  func snapshot(_ deferred: DeferredFollowUp, reading state: borrowing some StateReader & ~Copyable) throws -> (FollowUpEvent, [StateChange])? {
    guard options.snapshots, let node = options.nodeKey, let project = ProjectID(ascii: deferred.subject),
      let campaign = try CampaignRecord.read(project, state), let head = campaign.head
    else { return nil }
    var createdAt = deferred.receivedAt
    if let last = try state.value(CrowdfundingState.snapshots, project.bytes) {
      var reader = RecordReader(last, of: CrowdfundingState.snapshots)
      let previous = try reader.uint64()
      createdAt = max(createdAt, previous == .max ? previous : previous + 1)
    }
    let view = try CampaignView(campaign, newest: Self.maxContributions, countsContributors: false, reading: state)
    var tags = [
      ["d", SnapshotEvent.identifier(of: project)], ["title", head.terms.title.printable], ["t", "crowdfunding"], ["t", "UPlanet"],
      ["project-id", project.description],
      ["role", "snapshot"], ["status", view.status.name], ["e", head.id.hex],
      ["a", Address(kind: 30904, pubkey: head.author, identifier: head.terms.identifier).text.string.printable],
    ]
    if let place = try Self.place(of: head, reading: state) { tags.append(["g", place.printable]) }
    if let bien = campaign.bien { tags.append(["p", bien.hex, "", "bien"]) }
    if let cell = campaign.cell { tags.append(["p", cell.hex, "", "umap"]) }
    if let wallet = campaign.wallet { tags.append(["i", "g1pub:\(wallet.text)"]) }
    let event = try UnsignedEvent(pubkey: node, createdAt: createdAt, kind: 30904, tags: tags, content: Self.content(view))
    var writer = RecordWriter()
    writer.put(createdAt)
    return (
      FollowUpEvent(name: .campaignSnapshot, subject: project.bytes, trigger: deferred.trigger, body: .unsigned(event)),
      [.put(CrowdfundingState.snapshots, key: project.bytes, value: writer.bytes)]
    )
  }

  /// The `g` of the campaign's newest version.
  private static func place(of head: CampaignRecord.Head, reading state: borrowing some StateReader & ~Copyable) throws -> String? {
    guard let raw = try state.raw(head.id), let event = try? Event(parsing: raw) else { return nil }
    return event.tags.first(named: "g")?[1]?.string
  }

  /// The newest contributions that a snapshot lists.
  private static let maxContributions = 100
  /// The most bytes of a snapshot's content.
  private static let maxContentBytes = 48 * 1024

  /// The JSON of a snapshot; contributions are left out from the oldest on when it would be too long.
  private static func content(_ view: CampaignView) -> String {
    var limit = view.contributions.count
    while true {
      let content = CampaignJSON.snapshot(view, contributions: view.contributions.suffix(limit))
      if content.utf8.count <= maxContentBytes || limit == 0 { return content }
      limit /= 2
    }
  }
}

extension TagWriter {
  /// Ẑ, as `Amount.decimal` writes them.
  fileprivate mutating func put(_ amount: Amount) {
    if amount.hundredths % 100 == 0 { put(number: amount.hundredths / 100) } else { put(text: amount.decimal()) }
  }

  /// A project id is plain ASCII (C3).
  fileprivate mutating func put(_ project: ProjectID) { put(ascii: project.bytes) }

  fileprivate mutating func add(_ project: ProjectID) {
    open()
    put(project)
    close()
  }

  /// What every label about a campaign says: its address, and its project.
  fileprivate mutating func add(_ project: ProjectID, _ latest: CampaignRecord.Head?) {
    if let latest {
      begin("a")
      add(Address(kind: 30904, pubkey: latest.author, identifier: latest.terms.identifier))
    }
    begin("project-id")
    add(project)
  }
}

extension String {
  /// Without control characters, which events of ours do not hold.
  var printable: String {
    guard utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) else { return self }
    return String(String.UnicodeScalarView(unicodeScalars.filter { $0.value >= 0x20 && $0.value != 0x7f }))
  }
}
