// SPDX-License-Identifier: AGPL-3.0-or-later
import TestSupport

/// A collective of a scene: its head, and the rows that its next update has to repeat.
struct Collective {
  private let scene: HostileScene
  private let creator: TestKey
  private(set) var ignition = ""
  private(set) var head = ""
  /// Of each merit: who owns it, its request and its amount.
  private(set) var merits: [(owner: String, request: String, amount: Int)] = []

  init(_ scene: HostileScene, _ creator: TestKey) {
    self.scene = scene
    self.creator = creator
  }

  var address: String { "31108:\(creator.hex):hostile" }
  /// In the deployed dialect, which is the shorter one.
  var rows: [[String]] { merits.map { ["merit", "\($0.owner):\($0.request):0:0:\($0.amount)"] } }

  mutating func ignite() throws {
    ignition = try scene.send(31108, by: creator, HostileShape.collectiveTags(scene))
    head = ignition
  }

  /// The next update.
  func event(_ tags: [[String]] = [], rows: [[String]]? = nil, content: String = "") -> [UInt8] {
    let pointers = [["ignition", ignition], ["previous", head]]
    let tags = HostileShape.collectiveTags(scene) + pointers + (rows ?? self.rows) + tags
    return creator.json(kind: 31108, createdAt: scene.now, tags: tags, content: content)
  }

  mutating func publish(_ tags: [[String]] = [], content: String = "") throws {
    scene.now += 1
    head = try scene.send(event(tags, content: content))
  }

  /// Adds so many merits, as many at once as fit into an update.
  mutating func mint(_ count: Int, owner: (Int) -> TestKey) throws {
    while merits.count < count, !scene.isOver || merits.isEmpty {
      scene.now += 1
      let step = min(31, count - merits.count, max(1, (60_000 - 165 * merits.count) / 1300))
      let (added, proofs) = approved(step, owner: owner)
      let known = merits
      merits += added
      do { head = try scene.send(event(proofs)) } catch {
        merits = known
        throw error
      }
    }
  }

  /// New merits, with their requests and the creator's votes as proofs.
  func approved(_ count: Int, owner: (Int) -> TestKey) -> (merits: [(owner: String, request: String, amount: Int)], proofs: [[String]]) {
    var added: [(owner: String, request: String, amount: Int)] = []
    var proofs: [[String]] = []
    for number in 0..<count {
      let key = owner(merits.count + number)
      let amount = 10 + number % 7
      let request = key.event(kind: 1409, createdAt: scene.now, tags: [["a", address], ["merits", String(amount)]], content: scene.word())
      let vote = creator.json(kind: 1410, createdAt: scene.now, tags: [["a", address], ["request", request.id.hex], ["vote", "ratify"]])
      proofs += [request.raw, vote].map { ["proof", String(decoding: $0, as: UTF8.self)] }
      added.append((key.hex, request.id.hex, amount))
    }
    return (added, proofs)
  }
}
