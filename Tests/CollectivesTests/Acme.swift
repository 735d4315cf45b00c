// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import TestSupport

/// What the collective of the scenarios publishes: events by C (creator), M and M2 (members), N (stranger), B (buyer), Z and ZM (zappers).
enum Acme {
  static let c = TestKey("collective C")
  static let m = TestKey("collective M")
  static let m2 = TestKey("collective M2")
  static let n = TestKey("collective N")
  static let b = TestKey("collective B")
  static let z = TestKey("collective Z")
  static let zm = TestKey("collective ZM")
  static let t0: UInt64 = 1_718_800_000

  static func address(_ name: String = "acme", _ creator: TestKey = c) -> String { "31108:\(creator.hex):\(name)" }

  /// A block as a `bitcoin` tag writes it: the hash is made of the height.
  static func block(_ height: Int, salt: String = "") -> String {
    "\(height):00000000" + SHA256.digest(of: Array("block \(height)\(salt)".utf8)).hex.dropFirst(8)
  }

  // Proofs

  static func request(_ owner: TestKey, _ merits: UInt64, at time: UInt64 = t0 + 10, salt: String = "", address: String = address()) -> Event {
    owner.event(kind: 1409, createdAt: time, tags: [["a", address], ["merits", String(merits)]], content: salt)
  }

  static func vote(_ voter: TestKey, _ request: Event, _ direction: String = "ratify", at time: UInt64 = t0 + 20) -> Event {
    voter.event(kind: 1410, createdAt: time, tags: [["a", address()], ["request", request.id.hex], ["vote", direction]])
  }

  static func leadtime(_ owner: TestKey, _ request: EventID, _ value: UInt32, at time: UInt64 = t0 + 30, salt: String = "") -> Event {
    owner.event(kind: 1414, createdAt: time, tags: [["a", address()], ["request", request.hex], ["lt", String(value)]], content: salt)
  }

  static func transfer(_ owner: TestKey, _ request: EventID, to buyer: TestKey, kind: UInt64 = 1415, at time: UInt64 = t0 + 40) -> Event {
    owner.event(kind: kind, createdAt: time, tags: [["a", address()], ["request", request.hex], ["p", buyer.hex]])
  }

  static func listing(_ owner: TestKey, _ request: EventID, price: String, at time: UInt64 = t0 + 40) -> Event {
    owner.event(kind: 1412, createdAt: time, tags: [["a", address()], ["request", request.hex], ["price", price]])
  }

  /// A zap receipt with its request inside. `address`: the request's `a` tag; nil for none.
  static func receipt(
    _ sats: UInt64, by zapper: TestKey = z, to payee: TestKey = c, from sender: TestKey = b, address: String? = address(),
    asked: UInt64? = nil, tags: [[String]] = [], at time: UInt64 = t0 + 50, salt: String = ""
  ) -> Event {
    let amount = asked ?? sats * 1000
    let names = address.map { [["a", $0]] } ?? []
    let request = sender.json(kind: 9734, createdAt: time - 1, tags: [["p", payee.hex], ["amount", String(amount)]] + names + tags, content: salt)
    return zapper.event(
      kind: 9735, createdAt: time,
      tags: [["p", payee.hex], ["bolt11", "lnbc\(sats * 10)n1qqqsyq"], ["description", String(decoding: request, as: UTF8.self)]] + names)
  }

  static func profile(_ key: TestKey, zapper: TestKey, at time: UInt64 = t0 + 5) -> Event {
    key.event(kind: 0, createdAt: time, content: #"{"lud16":"me@example.com","zapper":"\#(zapper.hex)"}"#)
  }

  static func proof(_ event: Event, _ name: String = "proof") -> [String] { [name, String(decoding: event.raw, as: UTF8.self)] }
}

/// One row as an event declares it.
struct Row: Hashable {
  var request: EventID
  var owner: TestKeyName
  var leadtime: UInt32 = 0
  var amount: UInt64
  var outstanding: UInt64 = 0
  var paid: UInt64 = 0
  var height: UInt32 = 0

  init(_ request: EventID, _ owner: TestKey, _ amount: UInt64, leadtime: UInt32 = 0, height: UInt32 = 0, sats: (UInt64, UInt64) = (0, 0)) {
    self.request = request
    self.owner = TestKeyName(hex: owner.hex)
    self.leadtime = leadtime
    self.amount = amount
    self.height = height
    (outstanding, paid) = sats
  }

  func tags(deployed: Bool = false) -> [[String]] {
    let merit =
      deployed
      ? ["merit", "\(owner.hex):\(request.hex):\(leadtime):\(height):\(amount)"]
      : ["merit", "owner:\(owner.hex)", "req:\(request.hex)", "lt:\(leadtime)", "amt:\(amount)"]
    if outstanding == 0, paid == 0 { return [merit] }
    return [
      merit,
      deployed ? ["sats", "\(request.hex):\(outstanding):\(paid)"] : ["sats", request.hex, String(outstanding), String(paid)],
    ]
  }
}

/// The hex of an owner, for rows.
struct TestKeyName: Hashable {
  let hex: String
}

/// An update as it is written; what is nil is left out.
struct Draft {
  var author = Acme.c
  var name: String? = "acme"
  var ignition: String?
  var previous: String?
  var boostpoint: String?
  var bitcoin: String?
  var lud16: TestKey? = Acme.z
  var payments: String?
  var rows: [Row] = []
  var products: [[String]] = []
  var proofs: [Event] = []
  var extra: [[String]] = []
  var deployed = false
  var at = Acme.t0

  var event: Event {
    var tags: [[String]] = []
    if let name { tags.append(["d", name]) }
    if let ignition { tags.append(["ignition", ignition]) }
    if let previous { tags.append([deployed ? "parent" : "previous", previous]) }
    if let boostpoint { tags.append([deployed ? "shadow" : "boostpoint", boostpoint]) }
    if let bitcoin { tags.append(["bitcoin", bitcoin]) }
    if let lud16 { tags.append(["lud16", "pay@acme", lud16.hex]) }
    if let payments { tags.append(["payments", payments]) }
    for row in rows { tags += row.tags(deployed: deployed) }
    tags += products
    tags += proofs.map { Acme.proof($0, deployed ? "proof_full" : "proof") }
    tags += extra
    return author.event(kind: 31108, createdAt: at, tags: tags)
  }
}
