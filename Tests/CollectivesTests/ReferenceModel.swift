// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// A second, dumb reading of the rules, over what an update means rather than what it says. Written apart from the validator, for manual payments.
struct ReferenceModel {
  typealias Key = String

  struct Merit: Equatable {
    var owner: Key
    var amount: Int
    var leadtime = 0
    var height = 0
    var outstanding = 0
    var paid = 0
  }

  enum Proof {
    case request(id: Key, owner: Key, amount: Int)
    case vote(id: Key, by: Key, on: Key, ratifies: Bool, at: Int)
    case leadtime(id: Key, by: Key, on: Key, value: Int)
    case transfer(id: Key, by: Key, of: Key, to: Key)
    /// `named`: it names the collective's address; `on`: the merit that it pays out.
    case receipt(id: Key, at: Int, sats: Int, by: Key, to: Key, from: Key, named: Bool, on: Key?)
  }

  struct Update {
    var id: Key
    var author: Key
    var previous: Key?
    var boost: Key?
    var at: Int
    var height: Int?
    var merits: [Key: Merit]
    var proofs: [Proof]
  }

  struct Entry {
    let update: Update
    /// The update before it in its line; nil for a first one.
    let parent: Key?
    /// The creator's update that the line stands on.
    let boost: Key?
    /// The line's highest block, and the time of the update that reached it.
    let height: Int
    let since: Int
    let merits: [Key: Merit]
    /// Everything that the line itself has used.
    let used: Set<Key>
  }

  let creator: Key
  let zapper: Key
  /// Believed for every payee.
  let trusted: Key
  /// All updates that were accepted, of all branches, in the order in which they came.
  private(set) var entries: [Entry]

  init(creator: Key, zapper: Key, trusted: Key, ignition: Update) {
    self.creator = creator
    self.zapper = zapper
    self.trusted = trusted
    entries = [
      Entry(update: ignition, parent: nil, boost: nil, height: ignition.height ?? 0, since: ignition.at, merits: [:], used: [])
    ]
  }

  func entry(_ id: Key) -> Entry? { entries.first { $0.update.id == id } }
  func entries(of author: Key) -> [Entry] { entries.filter { $0.update.author == author } }

  /// The end of the canonical line, walked from its beginning: of several children the latest, of one second the one with the lowest id.
  func head(_ author: Key) -> Entry? {
    let own = entries(of: author)
    func next(after parent: Key?) -> Entry? {
      own.filter { $0.parent == parent }.min { (-$0.update.at, $0.update.id) < (-$1.update.at, $1.update.id) }
    }
    var head: Entry?
    while let child = next(after: head?.update.id) { head = child }
    return head
  }

  private func power(_ merits: [Key: Merit]) -> [Key: Int] {
    var power: [Key: Int] = [:]
    for merit in merits.values where merit.leadtime > 0 { power[merit.owner, default: 0] += merit.amount * merit.leadtime }
    return power.isEmpty ? [creator: 1] : power
  }

  /// The start of the refusal's words; nil when it is accepted, and remembered.
  ///
  /// - Parameters:
  ///   - isLive: from a client; else from another relay, from where branches are taken.
  ///   - isTaken: the author has a chain in another collective of this name.
  mutating func judge(_ update: Update, isLive: Bool = true, isTaken: Bool = false) -> String? {
    if let height = update.height, !Self.isPlausible(height, at: update.at) { return "invalid: implausible block height" }
    let isFirst = entries(of: update.author).isEmpty || !isLive && update.author != creator && Self.isFirst(update)
    var parent: Entry?
    if isLive, isTaken, isFirst { return "invalid: slot already belongs to SEC" }
    if !isFirst {
      if let words = follow(update, isLive, &parent) { return words }
    } else if !isLive, let previous = update.previous, previous != update.boost, entry(previous) == nil {
      return "error: missing previous"
    } else if update.boost == nil {
      return "invalid: first update by a member needs a boostpoint"
    }
    let boosted = update.boost.flatMap(entry)
    if let boost = update.boost {
      guard let boosted else { return isLive ? "error: unknown boostpoint" : "error: missing boostpoint" }
      if boosted.update.author != creator { return "invalid: boostpoint is not by the creator" }
      if isLive, boost != head(creator)?.update.id { return "invalid: boostpoint is stale" }
      if isFirst, update.previous != nil, update.previous != boost { return "invalid: previous must be absent" }
      if isFirst, power(boosted.merits)[update.author] == nil { return "restricted: votepower is 0" }
      if update.at <= boosted.update.at { return "invalid: created_at must be after the boostpoint" }
    }
    let reached = [parent, boosted].compactMap { $0 }
    let known = reached.map(\.height).max() ?? 0
    let since = reached.filter { $0.height == known }.map(\.since).min() ?? 0
    if let height = update.height {
      if height < known { return "invalid: bitcoin height went backwards" }
      let quarters = 5 * (update.at - since) + 4 * 600 * 288
      if parent != nil, (height - known) * 4 * 600 > quarters { return "invalid: implausible block height" }
    }
    guard let base = boosted ?? parent else { return "?" }
    var merits = update.merits
    var used = parent?.used ?? []
    let standsOn = update.boost ?? parent?.boost
    let before = used.union(standsOn.flatMap(entry)?.used ?? [])
    if let words = check(update, base.merits, &merits, before, &used) { return words }
    entries.append(
      Entry(
        update: update, parent: parent?.update.id, boost: standsOn, height: update.height ?? known,
        since: (update.height ?? known) > known ? update.at : since, merits: merits, used: used))
    return nil
  }

  private static func isFirst(_ update: Update) -> Bool { update.boost != nil && (update.previous == nil || update.previous == update.boost) }

  /// What an update continues, and what is wrong with that.
  private func follow(_ update: Update, _ isLive: Bool, _ parent: inout Entry?) -> String? {
    guard let previous = update.previous else { return "invalid: replacement needs a previous pointer" }
    guard let before = entry(previous) else { return isLive ? "error: unknown previous" : "error: missing previous" }
    if before.update.author != update.author { return "invalid: previous belongs to another pubkey" }
    if isLive, head(update.author)?.update.id != previous { return "invalid: previous is stale" }
    if update.at <= before.update.at { return "invalid: created_at must be after the previous update" }
    if update.author != creator {
      let own = update.boost.flatMap(entry).flatMap { $0.update.author == creator ? $0 : nil }
      let judged = isLive ? head(creator) : own ?? before.boost.flatMap(entry)
      if power(judged?.merits ?? [:])[update.author] == nil { return "restricted: votepower is 0" }
    }
    if update.boost != nil, update.author == creator { return "invalid: creator cannot boost" }
    parent = before
    return nil
  }

  /// Histories are younger than the fourth halving: between 95 and 105 hundredths of the blocks that ten minutes each would make, and two weeks'.
  private static func isPlausible(_ height: Int, at time: Int) -> Bool {
    let (since, blocks) = (time - 1_713_571_767, (height - 840_000) * 60_000)
    return 95 * since - 2016 * 60_000 <= blocks && blocks <= 105 * since + 2016 * 60_000
  }

  private func check(
    _ update: Update, _ base: [Key: Merit], _ merits: inout [Key: Merit], _ before: Set<Key>, _ used: inout Set<Key>
  ) -> String? {
    if base.keys.contains(where: { update.merits[$0] == nil }) { return "invalid: merit" }
    let power = power(base)
    for (request, merit) in update.merits where base[request] == nil {
      guard isApproved(request, update.proofs, power) else { return "invalid: merit" }
      let isAsked = update.proofs.contains { proof in
        if case .request(request, merit.owner, merit.amount) = proof { return true }
        return false
      }
      if !isAsked { return "invalid: merit" }
      if merit.leadtime != 0 { return "invalid: new merit must have leadtime 0" }
      merits[request]?.height = 0
    }
    if base.contains(where: { update.merits[$0.key]?.amount != $0.value.amount }) { return "invalid: merit" }
    for (request, old) in base.sorted(by: { $0.key < $1.key }) {
      guard let new = update.merits[request], new.owner != old.owner else { continue }
      if old.leadtime != 0 || new.leadtime != 0 { return "invalid: merit" }
      let ids = update.proofs.compactMap { proof -> Key? in
        if case .transfer(let id, old.owner, request, new.owner) = proof { return id }
        return nil
      }
      if ids.isEmpty { return "invalid: merit" }
      guard let id = ids.first(where: { !before.contains($0) }) else { return "invalid: proof already used" }
      used.insert(id)
    }
    var words: String?
    for (request, old) in base.sorted(by: { $0.key < $1.key }) {
      merits[request]?.height = old.height
      guard let new = update.merits[request], new.leadtime != old.leadtime else { continue }
      words = words ?? step(update, request, old, new, before, &used)
      merits[request]?.height = update.height ?? 0
    }
    return words ?? flow(update, base, before, &used)
  }

  private func step(_ update: Update, _ request: Key, _ old: Merit, _ new: Merit, _ before: Set<Key>, _ used: inout Set<Key>) -> String? {
    if abs(new.leadtime - old.leadtime) != 1 { return "invalid: leadtime step must be 1" }
    guard let height = update.height else { return "invalid: bitcoin tag required" }
    if old.height > 0, height - old.height < 2016 { return "invalid: leadtime changed less than" }
    if update.author == old.owner { return nil }
    let ids = update.proofs.compactMap { proof -> Key? in
      if case .leadtime(let id, old.owner, request, new.leadtime) = proof { return id }
      return nil
    }
    if ids.isEmpty { return "invalid: leadtime change not signed" }
    guard let id = ids.first(where: { !before.contains($0) }) else { return "invalid: proof already used" }
    used.insert(id)
    return nil
  }

  private func isApproved(_ request: Key, _ proofs: [Proof], _ power: [Key: Int]) -> Bool {
    var latest: [Key: (at: Int, id: Key, ratifies: Bool)] = [:]
    var isThere = false
    for proof in proofs {
      switch proof {
      case .request(request, _, _): isThere = true
      case .vote(let id, let voter, request, let ratifies, let at):
        if let known = latest[voter], known.at > at || known.at == at && known.id < id { continue }
        latest[voter] = (at, id, ratifies)
      default: continue
      }
    }
    let yes = latest.filter(\.value.ratifies).reduce(0) { $0 + (power[$1.key] ?? 0) }
    let no = latest.filter { !$0.value.ratifies }.reduce(0) { $0 + (power[$1.key] ?? 0) }
    let total = power.values.reduce(0, +)
    return isThere && yes * 2 > total && no * 50 < total
  }

  private func flow(_ update: Update, _ base: [Key: Merit], _ before: Set<Key>, _ used: inout Set<Key>) -> String? {
    var expected = base
    var receipts: [(at: Int, id: Key, sats: Int, by: Key, to: Key, from: Key, named: Bool, on: Key?)] = []
    for case .receipt(let id, let at, let sats, let by, let to, let from, let named, let on) in update.proofs {
      receipts.append((at, id, sats, by, to, from, named, on))
    }
    for receipt in receipts.sorted(by: { ($0.at, $0.id) < ($1.at, $1.id) }) where !before.contains(receipt.id) {
      let isPayer = receipt.from == update.author || receipt.from == creator
      let isTheirs = receipt.by == trusted || receipt.to == creator && receipt.by == zapper
      let held = expected.filter { $0.value.owner == receipt.to }.keys.sorted()
      if isPayer, let request = receipt.on, expected[request]?.owner == receipt.to {
        if !isTheirs { return "invalid: receipt signer" }
        if !Self.pay(receipt.sats, [request], &expected) { return "invalid: payout exceeds outstanding" }
      } else if receipt.named, receipt.to == creator {
        if receipt.by != zapper { return "invalid: receipt signer" }
        Self.share(receipt.sats, &expected)
      } else if receipt.named {
        if held.isEmpty { return "invalid: receipt payee holds no merits" }
        if !isTheirs { return "invalid: receipt signer" }
        Self.payOne(receipt.sats, held, &expected)
      } else if isPayer, !held.isEmpty {
        if !isTheirs { return "invalid: receipt signer" }
        if !Self.pay(receipt.sats, held, &expected) { return "invalid: payout exceeds outstanding" }
      } else {
        return "invalid: receipt unrelated"
      }
      used.insert(receipt.id)
    }
    for (request, merit) in update.merits {
      let right = expected[request]
      if merit.outstanding != right?.outstanding ?? 0 || merit.paid != right?.paid ?? 0 {
        return receipts.isEmpty ? "invalid: sats changed without a zap receipt" : "invalid: sats row"
      }
    }
    return nil
  }

  private static func pay(_ sats: Int, _ requests: [Key], _ merits: inout [Key: Merit]) -> Bool {
    var left = sats
    for request in requests {
      while left > 0, let merit = merits[request], merit.outstanding > 0 {
        let part = min(left, merit.outstanding)
        merits[request]?.outstanding -= part
        merits[request]?.paid += part
        left -= part
      }
    }
    return left == 0
  }

  /// Largest remainder, one sat after the other.
  static func share(_ sats: Int, _ merits: inout [Key: Merit]) {
    let whole = merits.values.reduce(0) { $0 + $1.amount }
    guard whole > 0 else { return }
    var left = sats
    for (request, merit) in merits {
      merits[request]?.outstanding += sats * merit.amount / whole
      left -= sats * merit.amount / whole
    }
    let order = merits.sorted { one, other in
      let (mine, theirs) = (sats * one.value.amount % whole, sats * other.value.amount % whole)
      return (-mine, -one.value.amount, one.key) < (-theirs, -other.value.amount, other.key)
    }
    for entry in order.prefix(left) { merits[entry.key]?.outstanding += 1 }
  }

  /// The row with the largest deficit.
  static func payOne(_ sats: Int, _ held: [Key], _ merits: inout [Key: Merit]) {
    let whole = merits.values.reduce(0) { $0 + $1.amount }
    let paid = merits.values.reduce(0) { $0 + $1.paid }
    let best = held.min { one, other in
      func rank(_ key: Key) -> (Int, Int, Key) {
        let merit = merits[key] ?? Merit(owner: "", amount: 0)
        return (merit.paid * whole - merit.amount * (paid + sats), -merit.amount, key)
      }
      return rank(one) < rank(other)
    }
    if let best { merits[best]?.paid += sats }
  }
}
