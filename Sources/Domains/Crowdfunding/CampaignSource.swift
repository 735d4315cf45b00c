// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Reads a campaign's fields from the tags, and from the content where it is a JSON object (the two dialects of the spec). Each throws a `Rejection`.
struct CampaignSource {
  let event: Event
  let tags: TagList
  /// The content, when it is a JSON object: the Contract's dialect.
  let json: JSONValue?

  init(_ event: Event) {
    self.event = event
    tags = event.tags
    if Self.looksLikeJSON(event.content), let value = JSONValue(parsing: event.content), case .object = value {
      json = value
    } else {
      json = nil
    }
  }

  /// Whether a content means to be JSON rather than text.
  private static func looksLikeJSON(_ content: Text) -> Bool {
    let first = content.bytes.first { $0 != 0x20 && $0 != 0x09 && $0 != 0x0a && $0 != 0x0d }
    return first == UInt8(ascii: "{")
  }

  /// C1: exactly one `d`, 1–128 bytes, in the markdown dialect `crowdfund-{lat}-{lon}-{slug}` and in the same cell as `g`.
  func identifier() throws -> Text {
    guard tags.count(named: "d") == 1, let identifier = tags.first(named: "d")?[1] else { throw CrowdfundingRejection.identifierCount }
    guard (1...128).contains(identifier.count) else { throw CrowdfundingRejection.identifierLength }
    guard json == nil, !identifier.hasPrefix("CF-") else { return identifier }
    guard let cell = MapCell(identifier: identifier) else { throw CrowdfundingRejection.identifierShape }
    if let place = tags.first(named: "g")?[1].flatMap({ Place(parsing: $0) }), !cell.holds(place) { throw CrowdfundingRejection.cellMismatch }
    return identifier
  }

  /// C2.
  func title() throws -> Text {
    guard let title = tags.first(named: "title")?[1], !title.isEmpty else { throw CrowdfundingRejection.missingTitle }
    guard tags.contains("t", value: "crowdfunding") else { throw CrowdfundingRejection.missingTopic("crowdfunding") }
    guard tags.contains("t", value: "UPlanet") else { throw CrowdfundingRejection.missingTopic("UPlanet") }
    guard tags.first(named: "expiration") == nil else { throw CrowdfundingRejection.campaignExpires }
    return title
  }

  /// C3: the `project-id` tag, else `d`, else the JSON's `id`; where the JSON has one too, they agree.
  func project(identifier: Text) throws -> ProjectID {
    let inContent = json?["id"]?.text
    let named = tags.first(named: "project-id")?[1] ?? (identifier.hasPrefix("CF-") ? identifier : inContent)
    guard tags.count(named: "project-id") <= 1, let named, let project = ProjectID(named) else { throw CrowdfundingRejection.malformedProject }
    if let inContent, inContent != named { throw CrowdfundingRejection.malformedProject }
    return project
  }

  /// C4: the `g` tag; a JSON `location` alone serves too.
  func checkPlace() throws {
    if let tag = tags.first(named: "g") {
      guard tag[1].flatMap({ Place(parsing: $0) }) != nil else { throw CrowdfundingRejection.malformedPlace }
    } else {
      guard let location = json?["location"], Place(json: location) != nil else { throw CrowdfundingRejection.malformedPlace }
    }
  }

  /// C5: `p` tags with role umap or bien; in the JSON dialect `umapPubkey` and `bien_identity.hex`.
  func cellsAndBien() throws -> ([PublicKey], PublicKey?) {
    var cells: [PublicKey] = []
    var biens: [PublicKey] = []
    for tag in tags.all(named: "p") {
      guard let role = tag[3], role == "umap" || role == "bien" else { continue }
      guard let key = tag[1].flatMap({ PublicKey(hex: $0) }) else { throw CrowdfundingRejection.missingCell }
      if role == "umap" { cells.append(key) } else { biens.append(key) }
    }
    if let hex = json?["bien_identity"]?["hex"]?.text, let key = PublicKey(hex: hex) { biens.append(key) }
    if cells.isEmpty, let hex = json?["umapPubkey"]?.text, let key = PublicKey(hex: hex) { cells.append(key) }
    guard !cells.isEmpty || !biens.isEmpty else { throw CrowdfundingRejection.missingCell }
    if let first = biens.first, biens.contains(where: { $0 != first }) { throw CrowdfundingRejection.twoBiens }
    return (cells, biens.first)
  }

  /// Far more than any property has, and few enough that a campaign from another relay cannot fill the memory.
  static let maxOwners = 1000

  /// C6: `owner` tags, or the JSON's `owners`.
  func owners() throws -> [Owner] {
    var owners = try tags.all(named: "owner").map { tag in
      guard let key = tag[1].flatMap({ PublicKey(hex: $0) }), let mode = tag[2], let amount = tag[3], let currency = tag[4] else {
        throw CrowdfundingRejection.malformedOwner
      }
      if mode == "commons", currency == "ZEN" { return try owner(key.hex, .commons, amount) }
      if mode == "cash", currency == "EUR" { return try owner(key.hex, .cash, amount) }
      throw CrowdfundingRejection.malformedOwner
    }
    guard owners.count <= Self.maxOwners else { throw CrowdfundingRejection.malformedOwner }
    guard let list = json?["owners"] else { return owners }
    guard case .array(let values) = list, values.count <= Self.maxOwners else { throw CrowdfundingRejection.malformedOwner }
    for value in values {
      guard let name = value["email"]?.text, let mode = value["mode"]?.text else { throw CrowdfundingRejection.malformedOwner }
      if mode == "commons", let amount = value["amount_zen"]?.numeric {
        owners.append(try owner(name.string, .commons, amount))
      } else if mode == "cash", let amount = value["amount_eur"]?.numeric {
        owners.append(try owner(name.string, .cash, amount))
      } else {
        throw CrowdfundingRejection.malformedOwner
      }
    }
    return owners
  }

  private func owner(_ name: String, _ mode: Owner.Mode, _ text: Text) throws -> Owner {
    guard let amount = Amount(decimal: text.bytes), amount > .zero else { throw CrowdfundingRejection.malformedOwner }
    return Owner(name: name, mode: mode, amount: amount)
  }

  /// C8: `wallet` tags.
  func wallets() throws -> [GoalType: G1Key] {
    var wallets: [GoalType: G1Key] = [:]
    for tag in tags.all(named: "wallet") {
      guard let name = tag[1], let type = GoalType.allCases.first(where: { name.equals($0.walletName) }), let key = tag[2].flatMap({ G1Key($0) }),
        wallets.updateValue(key, forKey: type) == nil
      else { throw CrowdfundingRejection.malformedWallet }
    }
    return wallets
  }

  /// The Bien's wallet: `i` `g1pub:…`, else the JSON's `bien_identity.g1pub` (C8's grammar, C12's binding).
  func bienWallet() throws -> G1Key? {
    let written =
      tags.all(named: "i").compactMap { $0[1] }.first { $0.hasPrefix("g1pub:") }.map { Text(utf8: $0.bytes.dropFirst(6)) }
      ?? json?["bien_identity"]?["g1pub"]?.text
    guard let written else { return nil }
    guard let key = G1Key(written) else { throw CrowdfundingRejection.malformedWallet }
    return key
  }

  /// C9: the `status` tag, else the JSON's `status`, else draft.
  func status() throws -> CampaignStatus {
    guard let written = tags.first(named: "status")?[1] ?? json?["status"]?.text else { return .draft }
    guard let status = CampaignStatus(written) else { throw CrowdfundingRejection.unknownStatus }
    return status
  }

  /// C9: `closed_at`, later than created_at while the campaign is open.
  func closedAt(status: CampaignStatus) throws -> UInt64? {
    guard let tag = tags.first(named: "closed_at") else { return nil }
    guard let time = tag[1]?.decimal, !status.isOpen || time > event.createdAt else { throw CrowdfundingRejection.malformedClosing }
    return time
  }

  /// C9: `quorum` and `governance`, for polls.
  func checkGovernance() throws {
    if let tag = tags.first(named: "quorum") {
      guard let quorum = tag[1]?.decimal, quorum >= 1 else { throw CrowdfundingRejection.malformedQuorum }
    }
    if let tag = tags.first(named: "governance") {
      guard let governance = tag[1], governance == "majority" || governance == "unanimous" else { throw CrowdfundingRejection.unknownGovernance }
    }
  }

  /// C10: no key material, and nothing that reads as a secret key, wherever and however often it is wrapped in texts.
  func checkSecrets() throws {
    if SecretSearch.findsSecret(in: event.raw) { throw CrowdfundingRejection.secret }
  }
}
