// SPDX-License-Identifier: AGPL-3.0-or-later
import TestSupport

/// Draws a history from a seed: the same things with the same weights as the model of the spec has them.
struct HistoryDrawing {
  private let seed: UInt64
  private var random: SplitMix64
  private var shape = History.Shape()
  private var steps: [Step] = []
  private var now = History.start
  /// The steps that made reactions, and those that made kind 5s.
  private var reactions: [Int] = []
  private var deletions: [Int] = []
  /// The steps that made links of histories, which nobody may delete.
  private var links: [Int] = []
  /// The last step in which an administrator made a link of the group's; the first made its init.
  private var groupLinks = [0: 3]
  private var parted: Set<[Int]> = []
  private let isMalicious: Bool
  private let pause: UInt64
  private let pushes: Bool

  init(seed: UInt64) {
    self.seed = seed
    random = SplitMix64(seed: seed)
    isMalicious = seed % 2 == 1
    pause = [20, 600, 7200, 40_000].randomElement(using: &random) ?? 20
    pushes = Int.random(in: 0..<4, using: &random) == 0
  }

  mutating func history() -> History {
    drawShape()
    begin()
    for _ in 0..<([15, 25, 45].randomElement(using: &random) ?? 25) { draw() }
    return History(seed: seed, shape, steps: steps)
  }

  private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }
  private mutating func malice(_ percent: Int) -> Bool { isMalicious && chance(percent) }
  private mutating func relay() -> Int { Int.random(in: 0..<shape.early, using: &random) }

  private mutating func pair() -> (Int, Int) {
    let first = relay()
    let second =
      shape.isLine ? (first + 1 < shape.early ? first + 1 : first - 1) : (first + 1 + Int.random(in: 0..<(shape.early - 1), using: &random))
    return chance(50) ? (first, second % shape.early) : (second % shape.early, first)
  }

  private mutating func drawShape() {
    shape.relays = [2, 2, 3, 3, 4].randomElement(using: &random) ?? 2
    shape.early = shape.relays == 2 ? 2 : shape.relays - (chance(70) ? 1 : 0)
    shape.isLine = chance(15)
    shape.listsPeers = !chance(25)
    shape.hasSnapshots = chance(10)
  }

  @discardableResult
  private mutating func add(_ action: Step.Action, after seconds: UInt64 = 0, dated: Int = 0) -> Int {
    now += seconds
    steps.append(Step(number: steps.count, time: now, dated: dated, action: action))
    return steps.count - 1
  }

  private mutating func begin() {
    for number in 0..<2 { add(.publish(.campaign(number, status: chance(50) ? "vote_pending" : "crowdfunding"), to: [0], isLost: false)) }
    add(.publish(.ignition, to: [0], isLost: false))
    add(.publish(.group, to: [0], isLost: false))
    for here in 0..<shape.early {
      for there in 0..<shape.early where here != there && (!shape.isLine || abs(here - there) == 1) && chance(80) {
        add(.pull(here, from: there, most: nil, isLost: false))
      }
    }
  }

  private mutating func publish(_ draft: Draft, atOne: Bool = false, dated: Int = 0) -> Int {
    var relays = [relay()]
    if !atOne, chance(25) { relays = Array(0..<shape.early).shuffled(using: &random) }
    return add(.publish(draft, to: relays, isLost: chance(3)), dated: dated)
  }

  /// One thing, after a while.
  private mutating func draw() {
    // Some things happen in one second.
    if !chance(10) { now += UInt64.random(in: 1...pause, using: &random) }
    let campaign = Int.random(in: 0..<2, using: &random)
    let skew = chance(30) ? Int.random(in: -30...30, using: &random) : 0
    let back = -Int.random(in: 1...(20 * Int(pause)), using: &random)
    switch Int.random(in: 0..<100, using: &random) {
    case ..<16:
      let other = malice(20) ? 1 - campaign : nil
      let draft = Draft.contribution(
        campaign, by: Int.random(in: 0..<5, using: &random), amount: Int.random(in: 1...6, using: &random), naming: other)
      reactions.append(publish(draft, dated: malice(15) ? back : skew))
    case ..<34:
      let draft = Draft.vote(campaign, by: Int.random(in: 0..<6, using: &random), weight: Int.random(in: 1...4, using: &random))
      let dated = malice(20) ? back : skew
      reactions.append(malice(25) ? add(.inject(draft, at: relay()), dated: dated) : publish(draft, dated: dated))
    case ..<43: drawDeletion(skew)
    case ..<45:
      let dated = malice(30) ? -10 * Int(pause) : skew
      if malice(30) {
        add(.inject(.campaignDeletion(campaign), at: relay()), dated: dated)
      } else {
        _ = publish(.campaignDeletion(campaign), atOne: true, dated: dated)
      }
    case ..<58:
      let status = chance(30) ? ["crowdfunding", "funded", "vote_pending", "cancelled"].randomElement(using: &random) : nil
      _ = publish(.campaign(campaign, status: status ?? ""), atOne: chance(80), dated: skew)
    case ..<66: links.append(publish(.updates(chance(25) ? 5 : 1), atOne: chance(80)))
    case ..<75: drawForGroup()
    case ..<82 where isMalicious: drawMalice(campaign, skew)
    case ..<(isMalicious ? 85 : 82):
      if chance(50) {
        parted = []
      } else {
        let (first, second) = pair()
        parted.insert([min(first, second), max(first, second)])
      }
    default: drawExchange()
    }
    let ticking = (0..<shape.early).filter { _ in chance(70) }
    if !ticking.isEmpty { add(.tick(ticking)) }
  }

  private mutating func drawForGroup() {
    let administrator = Int.random(in: 0..<3, using: &random)
    let draft: Draft
    switch Int.random(in: 0..<10, using: &random) {
    case ..<5: draft = .modifications(chance(20) ? 3 : 1, by: administrator)
    case 5: draft = isMalicious ? .sibling(by: administrator) : .modifications(1, by: administrator)
    case 6: draft = .proposals(1, by: administrator, removing: Int.random(in: 1..<3, using: &random))
    case 7, 8: draft = .ballot(by: administrator, chance(80))
    default: draft = .carryingOut(by: administrator)
    }
    links.append(publish(draft, atOne: chance(80)))
    groupLinks[administrator] = links.last
  }

  private mutating func drawDeletion(_ skew: Int) {
    guard let step = reactions.suffix(12).randomElement(using: &random) else { return }
    let draft = Draft.deletion(ofStep: step, namesKinds: !chance(20))
    // Far before its target: it is dated a second after it.
    let dated = malice(40) ? -1_000_000_000 : skew
    deletions.append(malice(40) ? add(.inject(draft, at: relay()), dated: dated) : publish(draft, dated: dated))
  }

  private mutating func drawMalice(_ campaign: Int, _ skew: Int) {
    switch Int.random(in: 0..<9, using: &random) {
    case 0:
      if let step = reactions.randomElement(using: &random) { _ = publish(.repost(ofStep: step)) }
    case 1: _ = publish(.smuggled(campaign))
    case 2, 3:
      guard let step = deletions.randomElement(using: &random) else { return }
      let draft = Draft.deletion(ofStep: step, namesKinds: chance(80))
      if chance(50) { add(.inject(draft, at: relay()), dated: skew) } else { _ = publish(draft, dated: skew) }
    case 4:
      let step = chance(50) ? links.randomElement(using: &random) : nil
      let draft = step.map { Draft.deletion(ofStep: $0, namesKinds: true) } ?? .collectiveDeletion
      if chance(50) { add(.inject(draft, at: relay()), dated: 500) } else { _ = publish(draft, dated: 500) }
    case 5: drawDeletionOfBoth(campaign, skew)
    case 6: add(.inject(.labelDeletion(byNode: relay()), at: relay()), dated: skew)
    case 7:
      let (administrator, position) = (Int.random(in: 0..<3, using: &random), Int.random(in: 1..<3, using: &random))
      // Together more than a group may have open.
      for _ in 0..<2 { _ = publish(.proposals(2, by: administrator, removing: position), atOne: true) }
    default: add(.inject(.flood(20), at: relay()))
    }
  }

  /// One kind 5 of two domains: an administrator's vote, and a link of the group's by the same key.
  private mutating func drawDeletionOfBoth(_ campaign: Int, _ skew: Int) {
    let administrator = chance(60) ? 0 : Int.random(in: 0..<3, using: &random)
    let vote = publish(.administratorVote(campaign, by: administrator, weight: Int.random(in: 1...4, using: &random)))
    reactions.append(vote)
    guard let link = groupLinks[administrator] else { return }
    if chance(50) { drawExchange() }
    let draft = Draft.deletionOfBoth(vote, link)
    if chance(50) { add(.inject(draft, at: relay()), dated: skew) } else { _ = publish(draft, atOne: true, dated: skew) }
  }

  private mutating func drawExchange() {
    let (here, there) = pair()
    guard !parted.contains([min(here, there), max(here, there)]) else {
      // Behind a cut that lasts the router has missed what was new.
      add(.gap(here, from: there))
      return
    }
    switch Int.random(in: 0..<100, using: &random) {
    case ..<20 where pushes: add(.push(here, to: there))
    case ..<50: add(.route(here, from: there))
    default: add(.pull(here, from: there, most: [nil, nil, 10].randomElement(using: &random) ?? nil, isLost: chance(4)))
    }
  }
}
