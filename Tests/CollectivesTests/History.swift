// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport

/// A whole collective made of random updates, good and bad: what each says (the event) and what it means (for the reference model).
struct History {
  private typealias Key = String

  /// An update, how it comes, and the start of its refusal; nil when it has to be accepted.
  struct Step {
    let event: Event
    let isLive: Bool
    let refusal: String?
  }

  /// The collectives of the one name: more than one where the creator began it again.
  private(set) var ignitions: [Event]
  private(set) var models: [ReferenceModel]
  /// The one that the next update is for.
  private var current = 0
  /// Authors contradict themselves: second children, second first updates, second ignitions, from sync.
  private let isForked: Bool
  private(set) var random: SplitMix64
  private let authors: [TestKey]
  private var keys: [String: TestKey] = [:]
  private var serial = 0
  private var time = Int(Acme.t0)
  private var height = 848_500
  private var requests: [String: Event] = [:]
  /// Evidence of earlier updates, to be used again.
  private var spent: [(Event, ReferenceModel.Proof)] = []
  /// What a quarter of the histories begin with.
  private var prelude: [Opening]

  /// The creator's steps to a vote at the very boundary of the veto, and one past it.
  private enum Opening {
    /// A merit for somebody, by the creator's voice alone.
    case grant(TestKey, Int)
    /// Both hands lock what they have.
    case lock
    /// N, who has 2 of 100 or of 101, is against it.
    case contested
  }

  init(seed: UInt64, isForked: Bool = false) {
    self.isForked = isForked
    random = SplitMix64(seed: seed)
    prelude =
      seed % 4 == 0 ? [.grant(Acme.c, 98), .grant(Acme.n, 2), .lock, .contested, .grant(Acme.c, 1), .lock, .contested] : []
    authors = [Acme.c, Acme.m, Acme.m2, Acme.n]
    for key in authors + [Acme.b, Acme.z, Acme.zm] { keys[key.hex] = key }
    var draft = Draft()
    draft.bitcoin = Acme.block(848_500)
    ignitions = [draft.event]
    models = [Self.model(of: draft.event)]
  }

  var ignition: Event { ignitions[0] }

  private static func model(of ignition: Event) -> ReferenceModel {
    let first = ReferenceModel.Update(
      id: ignition.id.hex, author: Acme.c.hex, at: Int(ignition.createdAt), height: 848_500, merits: [:], proofs: [])
    return ReferenceModel(creator: Acme.c.hex, zapper: Acme.z.hex, trusted: Acme.zm.hex, ignition: first)
  }

  private var model: ReferenceModel { models[current] }

  /// The next update.
  mutating func next() -> Step {
    serial += 1
    advance(blocks: chance(400))
    if !prelude.isEmpty { return take(prelude.removeFirst()) }
    if isForked, ignitions.count < 3, chance(50) == 0 { return beginAgain() }
    current = chance(ignitions.count)
    let author = chance(100) < 65 ? Acme.c : authors[1 + chance(3)]
    let isLive = !isForked || chance(3) > 0
    var update = ReferenceModel.Update(id: "", author: author.hex, at: time, merits: [:], proofs: [])
    var events: [Event] = []
    if isLive { point(&update) } else { pointAnywhere(&update) }
    let base = update.boost.flatMap(model.entry) ?? update.previous.flatMap(model.entry) ?? model.head(Acme.c.hex)
    update.merits = base?.merits ?? [:]
    if isLive, chance(2) == 0 { update.height = height }
    for _ in 0...chance(2) { change(&update, &events) }
    spoil(&update)
    return judge(update, events, isLive: isLive)
  }

  private mutating func judge(_ update: ReferenceModel.Update, _ events: [Event], isLive: Bool = true) -> Step {
    var update = update
    let event = write(update, events)
    update.id = event.id.hex
    // Given again, it is known.
    if let known = model.entry(update.id) {
      let isHead = model.head(update.author)?.update.id == known.update.id
      return Step(event: event, isLive: isLive, refusal: isHead ? nil : "duplicate: superseded by")
    }
    let isTaken = models.contains { !$0.entries(of: update.author).isEmpty }
    return Step(event: event, isLive: isLive, refusal: models[current].judge(update, isLive: isLive, isTaken: isTaken))
  }

  /// Whether an author signed two children of one update on the canonical line, or two first updates, or the name has several collectives.
  func isEquivocated(_ author: String, in model: ReferenceModel) -> Bool {
    if models.count(where: { !$0.entries(of: author).isEmpty }) > 1 { return true }
    var parent: String?
    for _ in model.entries {
      let children = model.entries(of: author).filter { $0.parent == parent }
      if children.count > 1 { return true }
      guard let child = children.first else { return false }
      parent = child.update.id
    }
    return false
  }

  /// How many updates have several children, and how many members several first updates.
  var forks: Int {
    models.reduce(0) { count, model in
      let siblings = Dictionary(grouping: model.entries.filter { $0.parent != nil || $0.boost != nil }) { $0.update.author + ($0.parent ?? "") }
      return count + siblings.values.count { $0.count > 1 }
    }
  }

  /// The creator begins the name again: from sync a collective of its own, live none.
  private mutating func beginAgain() -> Step {
    var draft = Draft()
    draft.bitcoin = Acme.block(848_500)
    draft.at = Acme.t0 + UInt64(serial)
    draft.extra = [["mission", "again \(serial)"]]
    let event = draft.event
    guard chance(4) > 0 else { return Step(event: event, isLive: true, refusal: "invalid: replacement needs the ignition id") }
    ignitions.append(event)
    models.append(Self.model(of: event))
    return Step(event: event, isLive: false, refusal: nil)
  }

  /// One step of the prelude: by the creator, and nothing is wrong with it.
  private mutating func take(_ step: Opening) -> Step {
    var update = ReferenceModel.Update(id: "", author: Acme.c.hex, at: time, merits: [:], proofs: [])
    var events: [Event] = []
    point(&update)
    update.merits = model.head(Acme.c.hex)?.merits ?? [:]
    switch step {
    case .grant(let owner, let amount): mint(&update, &events, for: owner, amount, against: [])
    case .contested: mint(&update, &events, for: Acme.m, 7, against: [Acme.n])
    case .lock:
      update.height = height
      for (request, merit) in update.merits.sorted(by: { $0.key < $1.key }) where merit.leadtime == 0 {
        update.merits[request]?.leadtime = 1
        guard merit.owner != Acme.c.hex, let owner = keys[merit.owner], let id = EventID(hex: request) else { continue }
        let proof = Acme.leadtime(owner, id, 1, at: stamp, salt: String(serial))
        add(proof, .leadtime(id: proof.id.hex, by: owner.hex, on: request, value: 1), &update, &events)
      }
    }
    return judge(update, events)
  }

  private mutating func mint(
    _ update: inout ReferenceModel.Update, _ events: inout [Event], for owner: TestKey, _ amount: Int, against: [TestKey]
  ) {
    let request = Acme.request(owner, UInt64(amount), at: stamp, salt: String(serial))
    requests[request.id.hex] = request
    add(request, .request(id: request.id.hex, owner: owner.hex, amount: amount), &update, &events)
    for voter in [Acme.c] + against {
      let ratifies = voter.hex == Acme.c.hex
      let vote = Acme.vote(voter, request, ratifies ? "ratify" : "blackball", at: stamp)
      add(vote, .vote(id: vote.id.hex, by: voter.hex, on: request.id.hex, ratifies: ratifies, at: Int(stamp)), &update, &events)
    }
    update.merits[request.id.hex] = ReferenceModel.Merit(owner: owner.hex, amount: amount)
  }

  /// Blocks come every ten minutes.
  private mutating func advance(blocks: Int) {
    height += blocks
    time += 10 + blocks * 600
  }

  /// Evidence is older than any update, so that none is from the future whatever an update says of its time.
  private var stamp: UInt64 { Acme.t0 + UInt64(serial) }

  private mutating func chance(_ count: Int) -> Int { Int.random(in: 0..<count, using: &random) }

  private mutating func point(_ update: inout ReferenceModel.Update) {
    let head = model.head(update.author)
    update.previous = head?.update.id
    guard update.author != Acme.c.hex else { return }
    if head == nil || chance(4) == 0 { update.boost = model.head(Acme.c.hex)?.update.id }
  }

  /// On any update of the author's, at the time of its branch or later; a member also begins anew on any update of the creator's.
  private mutating func pointAnywhere(_ update: inout ReferenceModel.Update) {
    let own = model.entries(of: update.author)
    let creators = model.entries(of: Acme.c.hex)
    let isMember = update.author != Acme.c.hex
    var newest = 0
    if isMember, own.isEmpty || chance(4) == 0 {
      let boosted = creators[chance(creators.count)]
      update.boost = boosted.update.id
      newest = boosted.update.at
    } else if !own.isEmpty {
      // Mostly near the end, so that branches are continued.
      let parent = own[chance(2) == 0 ? own.count - 1 - chance(min(4, own.count)) : chance(own.count)]
      update.previous = parent.update.id
      newest = parent.update.at
      if isMember, chance(4) == 0 {
        let boosted = creators[chance(creators.count)]
        update.boost = boosted.update.id
        newest = max(newest, boosted.update.at)
      }
    }
    // Also of the very second of a sibling.
    if chance(2) == 0 { update.at = min(time, newest + 1 + chance(3) * 300) }
  }

  /// One good change of hard state, with its evidence; mostly.
  private mutating func change(_ update: inout ReferenceModel.Update, _ events: inout [Event]) {
    switch chance(10) {
    case 0, 1: mint(&update, &events)
    case 2, 3: lock(&update, &events)
    case 4: give(&update, &events)
    case 5, 6: earn(&update, &events)
    case 7: pay(&update, &events)
    case 8:
      guard !spent.isEmpty else { return }
      let (event, proof) = spent[chance(spent.count)]
      add(event, proof, &update, &events)
    default: return
    }
  }

  private mutating func add(_ event: Event, _ proof: ReferenceModel.Proof, _ update: inout ReferenceModel.Update, _ events: inout [Event]) {
    guard !events.contains(where: { $0.id == event.id }) else { return }
    events.append(event)
    update.proofs.append(proof)
    if spent.count < 200 { spent.append((event, proof)) }
  }

  private mutating func mint(_ update: inout ReferenceModel.Update, _ events: inout [Event]) {
    guard update.merits.count < 8 else { return }
    let owner = authors[chance(4)]
    let amount = 1 + chance(500)
    let request = Acme.request(owner, UInt64(amount), at: stamp, salt: String(serial))
    requests[request.id.hex] = request
    add(request, .request(id: request.id.hex, owner: owner.hex, amount: amount), &update, &events)
    for voter in authors where chance(5) < 4 {
      let ratifies = chance(12) > 0
      let vote = Acme.vote(voter, request, ratifies ? "ratify" : "blackball", at: stamp)
      add(vote, .vote(id: vote.id.hex, by: voter.hex, on: request.id.hex, ratifies: ratifies, at: Int(stamp)), &update, &events)
    }
    update.merits[request.id.hex] = ReferenceModel.Merit(owner: owner.hex, amount: chance(20) == 0 ? amount + 1 : amount)
  }

  private mutating func anyMerit(_ update: ReferenceModel.Update) -> String? {
    let keys = update.merits.keys.sorted()
    return keys.isEmpty ? nil : keys[chance(keys.count)]
  }

  private mutating func lock(_ update: inout ReferenceModel.Update, _ events: inout [Event]) {
    guard let request = anyMerit(update), let merit = update.merits[request], let id = EventID(hex: request), let owner = keys[merit.owner] else {
      return
    }
    let value = merit.leadtime > 0 && chance(4) == 0 ? merit.leadtime - 1 : merit.leadtime + (chance(25) == 0 ? 2 : 1)
    if chance(10) > 0 { advance(blocks: 2016 * chance(2)) }
    update.at = time
    if chance(12) > 0 { update.height = height }
    update.merits[request]?.leadtime = value
    guard update.author != merit.owner || chance(5) == 0, chance(8) > 0 else { return }
    let proof = Acme.leadtime(chance(15) == 0 ? Acme.b : owner, id, UInt32(value), at: stamp, salt: String(serial))
    add(proof, .leadtime(id: proof.id.hex, by: proof.pubkey.hex, on: request, value: value), &update, &events)
  }

  private mutating func give(_ update: inout ReferenceModel.Update, _ events: inout [Event]) {
    guard let request = anyMerit(update), let merit = update.merits[request], let id = EventID(hex: request), let owner = keys[merit.owner] else {
      return
    }
    let buyer = authors[chance(4)]
    update.merits[request]?.owner = buyer.hex
    guard chance(6) > 0 else { return }
    let proof = Acme.transfer(owner, id, to: buyer, at: stamp)
    add(proof, .transfer(id: proof.id.hex, by: owner.hex, of: request, to: buyer.hex), &update, &events)
  }

  private mutating func earn(_ update: inout ReferenceModel.Update, _ events: inout [Event]) {
    let sats = 1 + chance(5000)
    let zapper = chance(15) == 0 ? Acme.n : Acme.z
    let receipt = Acme.receipt(UInt64(sats), by: zapper, at: stamp, salt: String(serial))
    add(
      receipt, .receipt(id: receipt.id.hex, at: Int(stamp), sats: sats, by: zapper.hex, to: Acme.c.hex, from: Acme.b.hex, named: true, on: nil),
      &update,
      &events)
    ReferenceModel.share(sats, &update.merits)
  }

  private mutating func pay(_ update: inout ReferenceModel.Update, _ events: inout [Event]) {
    guard let request = anyMerit(update), let merit = update.merits[request], let payee = keys[merit.owner] else { return }
    let isOneHolder = chance(4) == 0
    let sats = isOneHolder ? 1 + chance(900) : merit.outstanding > 0 ? 1 + chance(merit.outstanding + 1) : 5
    // Now and then by a stranger, or by the zapper of the creator, who is believed for the creator alone.
    let zapper = chance(15) == 0 ? Acme.n : chance(8) == 0 ? Acme.z : Acme.zm
    let receipt = Acme.receipt(
      UInt64(sats), by: zapper, to: payee, from: isOneHolder ? Acme.b : Acme.c, address: isOneHolder ? Acme.address() : nil,
      tags: isOneHolder ? [] : [["request", request]], at: stamp, salt: String(serial))
    let proof = ReferenceModel.Proof.receipt(
      id: receipt.id.hex, at: Int(stamp), sats: sats, by: zapper.hex, to: payee.hex, from: isOneHolder ? Acme.b.hex : Acme.c.hex, named: isOneHolder,
      on: isOneHolder ? nil : request)
    add(receipt, proof, &update, &events)
    if isOneHolder, payee.hex != Acme.c.hex {
      ReferenceModel.payOne(sats, update.merits.filter { $0.value.owner == payee.hex }.keys.sorted(), &update.merits)
    } else if !isOneHolder {
      update.merits[request]?.outstanding = max(0, merit.outstanding - sats)
      update.merits[request]?.paid += sats
    }
  }

  /// Now and then something is wrong.
  private mutating func spoil(_ update: inout ReferenceModel.Update) {
    guard chance(8) == 0 else { return }
    let chain = model.entries(of: update.author)
    switch chance(11) {
    case 0: update.previous = chain.isEmpty ? nil : chain[chance(chain.count)].update.id
    case 1: update.previous = String(repeating: "1", count: 64)
    case 2:
      update.at = Int(model.head(update.author)?.update.at ?? time)
      update.height = nil
    case 3: anyMerit(update).map { update.merits[$0] = nil }
    case 4: anyMerit(update).map { update.merits[$0]?.amount += 1 }
    case 5: anyMerit(update).map { update.merits[$0]?.outstanding += 1 }
    case 6: update.boost = model.head(Acme.m.hex)?.update.id
    case 7: update.height = 848_400
    // Ahead of the clock: too far, or just so far that it may be.
    case 8: update.height = height + chance(600)
    case 9: update.height = height + 300 + chance(4000)
    default: update.previous = nil
    }
  }

  private func write(_ update: ReferenceModel.Update, _ events: [Event]) -> Event {
    var draft = Draft()
    draft.author = keys[update.author] ?? Acme.c
    draft.ignition = ignitions[current].id.hex
    draft.previous = update.previous
    draft.boostpoint = update.boost
    draft.at = UInt64(update.at)
    draft.bitcoin = update.height.map { Acme.block($0) }
    draft.proofs = events
    draft.rows = update.merits.sorted { $0.key < $1.key }.compactMap { key, merit in
      guard let id = EventID(hex: key), let owner = keys[merit.owner] else { return nil }
      return Row(id, owner, UInt64(merit.amount), leadtime: UInt32(merit.leadtime), sats: (UInt64(merit.outstanding), UInt64(merit.paid)))
    }
    return draft.event
  }
}
