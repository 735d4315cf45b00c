// SPDX-License-Identifier: AGPL-3.0-or-later
import Judgement
import Nostr
import Policy
import TestSupport

/// Where a shape builds its state: the keys of its attackers, a clock that they set, and what takes their events.
final class HostileScene {
  /// nil: what is sent is written down in `sent`, and judged by somebody else.
  private let judge: HostileJudge?
  private let name: String
  private var keys: [Int: TestKey] = [:]
  private let deadline: UInt64
  /// What building the state cost at most, for each kind: the states are attacks, too.
  private(set) var building: [UInt64: Cost] = [:]
  private(set) var sent: [HostileEvent] = []
  /// How many events became the state.
  private(set) var size = 0
  var random: SplitMix64
  /// Unix seconds.
  var now: UInt64 = 1_750_000_000

  /// - Parameters:
  ///   - seed: of keys, names and choices.
  ///   - seconds: for building; `isOver` says when they have passed.
  init(seed: UInt64, seconds: Double, judge: HostileJudge?) {
    name = String(seed)
    random = SplitMix64(seed: seed)
    deadline = Stopwatch.nanoseconds() + UInt64(seconds * 1e9)
    self.judge = judge
  }

  /// The time for building has passed: the state is as large as it got.
  var isOver: Bool { Stopwatch.nanoseconds() >= deadline }

  /// The attacker's key of that number.
  func key(_ number: Int) -> TestKey {
    if let key = keys[number] { return key }
    let key = TestKey("attacker \(name) \(number)")
    keys[number] = key
    return key
  }

  /// A campaign of this scene.
  func campaign(_ project: String, status: String = "crowdfunding") -> CampaignShape { CampaignShape("CF-\(name)-\(project)", status: status) }

  /// 64 hex digits that stand for a key or an id.
  func word() -> String { TestKey.hexWord(&random) }

  /// Signs an event and sends it, as a part of the state. Time goes on by a second.
  ///
  /// - Parameters:
  ///   - createdAt: by default the scene's present.
  ///   - mayWait: it may also be kept until something else comes, or be refused because too many are.
  /// - Returns: its id.
  @discardableResult
  func send(
    _ kind: UInt64, by author: TestKey, _ tags: [[String]], _ content: String = "", at createdAt: UInt64? = nil, _ source: SourceType = .ip4,
    mayWait: Bool = false
  ) throws -> String {
    now += 1
    return try send(author.json(kind: kind, createdAt: createdAt ?? now, tags: tags, content: content), source, mayWait: mayWait)
  }

  /// Sends an event that has to become a part of the state. Returns its id.
  @discardableResult
  func send(_ raw: [UInt8], _ source: SourceType = .ip4, mayWait: Bool = false) throws -> String {
    let event = try Event(parsing: raw)
    let decision = try take(HostileEvent(rule: "a state's kind \(event.kind)", raw: raw, source: source), event.kind)
    guard decision.isAccept || mayWait else {
      throw LaboratoryFailure("a hostile state cannot be built: kind \(event.kind) gets \(Self.words(decision))")
    }
    return event.id.hex
  }

  /// Sends an event that may be refused. Returns its id; nil when it was.
  func offer(_ raw: [UInt8]) throws -> String? {
    let event = try Event(parsing: raw)
    return try take(HostileEvent(rule: "a state's kind \(event.kind)", raw: raw), event.kind).isAccept ? event.id.hex : nil
  }

  private func take(_ event: HostileEvent, _ kind: UInt64) throws -> Decision {
    size += 1
    guard let judge else {
      var event = event
      event.receivedAt = now
      sent.append(event)
      return .accept
    }
    let (cost, decision) = try judge.cost(of: event, at: now)
    building[kind] = Cost.dearer(cost, building[kind])
    return decision
  }

  /// Judges an event, and says what it cost.
  func cost(of event: HostileEvent) throws -> (cost: Cost, answer: String) {
    guard let judge else { throw LaboratoryFailure("nobody judges here") }
    let (cost, decision) = try judge.cost(of: event, at: event.receivedAt ?? now)
    return (cost, Self.words(decision))
  }

  func restart() throws { try judge?.restart() }

  private static func words(_ decision: Decision) -> String {
    if case .reject(let rejection) = decision { rejection.message } else { "accepted" }
  }
}
