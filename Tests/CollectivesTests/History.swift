// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport

/// A whole collective made of random updates, good and bad: what each says (the event) and what it means (for the reference model).
struct History {
  private typealias Key = String

  let ignition: Event
  private(set) var model: ReferenceModel
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
  private var prelude: [Step]

  /// The creator's steps to a vote at the very boundary of the veto, and one past it.
  private enum Step {
    /// A merit for somebody, by the creator's voice alone.
    case grant(TestKey, Int)
    /// Both hands lock what they have.
    case lock
    /// N, who has 2 of 100 or of 101, is against it.
    case contested
  }

  init(seed: UInt64) {
    random = SplitMix64(seed: seed)
    prelude =
      seed % 4 == 0 ? [.grant(Acme.c, 98), .grant(Acme.n, 2), .lock, .contested, .grant(Acme.c, 1), .lock, .contested] : []
    authors = [Acme.c, Acme.m, Acme.m2, Acme.n]
    for key in authors + [Acme.b, Acme.z, Acme.zm] { keys[key.hex] = key }
    var draft = Draft()
    draft.bitcoin = Acme.block(848_500)
    ignition = draft.event
    let first = ReferenceModel.Update(
      id: ignition.id.hex, author: Acme.c.hex, at: Int(Acme.t0), height: 848_500, merits: [:], proofs: [])
    model = ReferenceModel(creator: Acme.c.hex, zapper: Acme.z.hex, trusted: Acme.zm.hex, ignition: first)
  }

  /// The next update, and the start of its refusal; nil when it has to be accepted.
  mutating func next() -> (event: Event, refusal: String?) {
    serial += 1
    advance(blocks: chance(400))
    if !prelude.isEmpty { return take(prelude.removeFirst()) }
    let author = chance(100) < 65 ? Acme.c : authors[1 + chance(3)]
    var update = ReferenceModel.Update(id: "", author: author.hex, at: time, merits: [:], proofs: [])
    var events: [Event] = []
    point(&update)
    let base = update.boost.flatMap(model.entry) ?? model.head(author.hex) ?? model.head(Acme.c.hex)
    update.merits = base?.merits ?? [:]
    if chance(2) == 0 { update.height = height }
    for _ in 0...chance(2) { change(&update, &events) }
    spoil(&update)
    let event = write(update, events)
    update.id = event.id.hex
    return (event, model.judge(update))
  }

  /// One step of the prelude: by the creator, and nothing is wrong with it.
  private mutating func take(_ step: Step) -> (event: Event, refusal: String?) {
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
    let event = write(update, events)
    update.id = event.id.hex
    return (event, model.judge(update))
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
    guard let request = anyMerit(update), let merit = update.merits[request], let id = EventID(hex: request), let owner = keys[merit.owner] else { return }
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
    guard let request = anyMerit(update), let merit = update.merits[request], let id = EventID(hex: request), let owner = keys[merit.owner] else { return }
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
      receipt, .receipt(id: receipt.id.hex, at: Int(stamp), sats: sats, by: zapper.hex, to: Acme.c.hex, from: Acme.b.hex, named: true, on: nil), &update,
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
    let chain = model.chains[update.author] ?? []
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
    draft.ignition = ignition.id.hex
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
