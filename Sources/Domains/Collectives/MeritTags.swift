// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// The merit and sats rows that an event declares (S6, S7), sorted by request.
struct MeritTags: Sendable {
  private(set) var rows: [MeritRow] = []
  /// The rows are written in the deployed dialect, which has the leadtime's height.
  private(set) var hasHeights = false

  /// Throws a `Rejection`.
  init(parsing tags: [Tag], trace: CheckTrace?) throws {
    trace?.enter("S6")
    try readMerits(tags)
    trace?.enter("S7")
    try readSats(tags)
  }

  private mutating func readMerits(_ tags: [Tag]) throws {
    var dialect: Int?
    var amounts: UInt64 = 0
    for tag in tags where tag.name == "merit" {
      guard dialect == nil || dialect == tag.count, rows.count < MeritRow.maxRows else { throw CollectivesRejection.malformedMerit }
      dialect = tag.count
      guard let row = tag.count == 2 ? Self.deployed(tag) : Self.published(tag) else { throw CollectivesRejection.malformedMerit }
      // Neither can wrap: both are below 2⁵³ here, at most 1000 times.
      amounts &+= row.amount
      guard row.amount > 0, amounts < MeritRow.amountLimit else { throw CollectivesRejection.malformedMerit }
      rows.append(row)
    }
    hasHeights = dialect == 2
    // Most software writes them in order, and rows are large to move.
    if !zip(rows, rows.dropFirst()).allSatisfy({ $0.request < $1.request }) { rows.sort { $0.request < $1.request } }
    var votepower: UInt128 = 0
    for (index, row) in rows.enumerated() {
      if index > 0, rows[index - 1].request == row.request { throw CollectivesRejection.duplicateMerit(row.request) }
      votepower += UInt128(row.amount) * UInt128(row.leadtime)
    }
    guard votepower < 1 << 63 else { throw CollectivesRejection.malformedMerit }
  }

  /// `["merit","owner:pk","req:id","lt:n","amt:n"]`, the four in any order.
  private static func published(_ tag: Tag) -> MeritRow? {
    guard tag.count == 5 else { return nil }
    var owner: PublicKey?
    var request: EventID?
    var leadtime: UInt64?
    var amount: UInt64?
    for position in 1...4 {
      guard let text = tag[position], let colon = text.bytes.firstIndex(of: UInt8(ascii: ":")) else { return nil }
      let key = Text(utf8: text.bytes[..<colon])
      let value = Text(utf8: text.bytes[(colon + 1)...])
      if owner == nil, key == "owner" {
        owner = PublicKey(hex: value)
        if owner == nil { return nil }
      } else if request == nil, key == "req" {
        request = EventID(hex: value)
        if request == nil { return nil }
      } else if leadtime == nil, key == "lt" {
        leadtime = value.decimal
        if leadtime == nil { return nil }
      } else if amount == nil, key == "amt" {
        amount = value.decimal
        if amount == nil { return nil }
      } else {
        return nil
      }
    }
    guard let owner, let request, let leadtime, let amount else { return nil }
    return row(owner, request, leadtime, 0, amount)
  }

  /// `["merit","owner:req:lt:ltHeight:amt"]`.
  private static func deployed(_ tag: Tag) -> MeritRow? {
    guard let fields = tag[1]?.fields, fields.count == 5, let owner = PublicKey(hex: fields[0]), let request = EventID(hex: fields[1]),
      let leadtime = fields[2].decimal, let height = fields[3].decimal, let amount = fields[4].decimal
    else { return nil }
    return row(owner, request, leadtime, height, amount)
  }

  private static func row(_ owner: PublicKey, _ request: EventID, _ leadtime: UInt64, _ height: UInt64, _ amount: UInt64) -> MeritRow? {
    guard leadtime <= MeritRow.maxLeadtime, height <= 999_999_999, amount < MeritRow.amountLimit else { return nil }
    return MeritRow(
      request: request, owner: owner, leadtime: UInt32(truncatingIfNeeded: leadtime), amount: amount,
      leadtimeHeight: UInt32(truncatingIfNeeded: height))
  }

  private mutating func readSats(_ tags: [Tag]) throws {
    var dialect: Int?
    var seen: Set<EventID> = []
    for tag in tags where tag.name == "sats" {
      guard dialect == nil || dialect == tag.count else { throw CollectivesRejection.malformedSats }
      dialect = tag.count
      let fields: [Text?]
      switch tag.count {
      case 2: fields = tag[1]?.fields ?? []
      case 4: fields = [tag[1], tag[2], tag[3]]
      default: throw CollectivesRejection.malformedSats
      }
      guard fields.count == 3, let request = fields[0].flatMap({ EventID(hex: $0) }), let outstanding = fields[1]?.decimal,
        let paid = fields[2]?.decimal, outstanding <= MeritRow.maxSats, paid <= MeritRow.maxSats
      else { throw CollectivesRejection.malformedSats }
      guard let index = rows.index(of: request) else { throw CollectivesRejection.satsWithoutMerit(request) }
      guard seen.insert(request).inserted else { throw CollectivesRejection.duplicateSats }
      rows[index].outstanding = outstanding
      rows[index].paid = paid
    }
  }
}

extension [MeritRow] {
  /// Where a request's row stands; the rows are sorted by request.
  func index(of request: EventID) -> Int? {
    var low = startIndex
    var high = endIndex
    while low < high {
      let middle = low + (high - low) / 2
      if self[middle].request < request { low = middle + 1 } else { high = middle }
    }
    return low < endIndex && self[low].request == request ? low : nil
  }
}
