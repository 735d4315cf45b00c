// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import TestSupport
import Testing

@Suite("What an event says")
struct AccessorTests {
  private let alice = TestKey("alice")
  private let one = String(repeating: "1", count: 64)
  private let two = String(repeating: "2", count: 64)

  @Test("tags are found by name and value, first and last")
  func tagList() {
    let tags = alice.event(kind: 1, tags: [["e", "a", "x"], ["t", "b"], ["e", "c"], [], ["e"]]).tags
    #expect(tags.count == 5 && tags.first(named: "e")?[2] == Text("x") && tags.last(named: "e")?[1] == nil)
    #expect(tags.all(named: "e").map(\.count) == [3, 2, 1] && tags.count(named: "e") == 3 && tags.count(named: "q") == 0)
    #expect(tags.contains("e", value: "c") && !tags.contains("e", value: "b") && !tags.contains("t", value: "c"))
    #expect(tags[3].name.isEmpty && tags[3].count == 0 && tags.first(named: "q") == nil)
  }

  @Test("the slices find the same tags as the decoded event, escaped or not")
  func slices() throws {
    let tags = "[[\"t\",\"crowd\\u0066unding\",1],[\"\\u0065\",\"caf\\u00e9\"],[],[\"x\"],[\"y\",\"\",{\"t\":[\"t\",\"z\"]}] , [\"t\",\"b\"]]"
    let json = RawEvent().with("tags", tags).json
    try Array(json.utf8).withUnsafeBytes { bytes in
      let slices = try EventSlices.parse(bytes)
      let decoded = try slices.decode().tags
      for name in ["t", "e", "x", "y", "z", ""] as [StaticString] {
        #expect(slices.hasTag(name) == (name.utf8CodeUnitCount == 0 ? false : decoded.first(named: name) != nil), "\(name)")
        for value in ["crowdfunding", "café", "", "b", "z"] as [StaticString] {
          #expect(slices.hasTag(name, value) == decoded.contains(name, value: value), "\(name) \(value)")
        }
      }
      var visited: [Bool] = []
      slices.forEachTag { visited.append($0.isNamed("t") && $0.hasValue("crowdfunding")) }
      #expect(visited == decoded.map { $0.name == "t" && $0[1].map { $0 == "crowdfunding" } == true })
      #expect(slices.hasTag("t", "crowdfunding") && slices.hasTag("e", "café") && slices.hasTag("y", "") && !slices.hasTag("t", "z"))
    }
  }

  @Test(
    "kinds have the classes of NIP-01",
    arguments: [
      (1, .regular), (0, .replaceable), (3, .replaceable), (9999, .regular), (10000, .replaceable), (19999, .replaceable),
      (20000, .ephemeral), (29999, .ephemeral), (30000, .addressable), (39999, .addressable), (40000, .regular), (.max, .regular),
    ]
      as [(UInt64, KindClass)])
  func kinds(kind: UInt64, kindClass: KindClass) { #expect(KindClass(kind: kind) == kindClass) }

  @Test("an address is kind:pubkey:d, by the first d tag; regular events have none")
  func address() {
    let event = alice.event(kind: 30904, tags: [["d", "a:b"], ["d", "c"]])
    #expect(event.address?.text == Text("30904:\(alice.hex):a:b"))
    #expect(event.address.flatMap { Address(parsing: $0.text) } == event.address)
    #expect(alice.event(kind: 30904).address?.identifier.isEmpty == true)
    #expect(alice.event(kind: 10002, tags: [["d", "x"]]).address?.text == Text("10002:\(alice.hex):"))
    #expect(alice.event(kind: 1, tags: [["d", "x"]]).address == nil)
    let wrongs = [
      "", "1", "30904:\(alice.hex)", "x:\(alice.hex):d", "030904:\(alice.hex):d", "30904:\(alice.hex.uppercased()):d", "30904::d",
      "-1:\(alice.hex):d",
    ]
    for wrong in wrongs {
      #expect(Address(parsing: Text(wrong)) == nil, "\(wrong)")
    }
  }

  @Test("a reaction is for the last e and p tags")
  func reaction() {
    let event = alice.event(kind: 7, tags: [["e", one], ["p", two], ["e", two], ["p", one]])
    #expect(event.reactedEvent?.hex == two && event.reactedAuthor?.hex == one)
    #expect(alice.event(kind: 7, tags: [["e", one], ["e", "x"]]).reactedEvent == nil)
    #expect(alice.event(kind: 7).reactedEvent == nil)
  }

  @Test("a deletion names ids, addresses and kinds; what is none is left out")
  func deletion() {
    let tags = [["e", one], ["a", "30904:\(alice.hex):d"], ["k", "30904"], ["e", "x"], ["e", two], ["a", "x"], ["k", "x"], ["e"]]
    let targets = alice.event(kind: 5, tags: tags).deletionTargets
    #expect(targets.ids.map(\.hex) == [one, two] && targets.addresses.count == 1 && targets.kinds == [30904])
  }

  @Test("an event expires at the second that its expiration tag names")
  func expiration() {
    let event = alice.event(kind: 1, tags: [["expiration", "100"], ["expiration", "5"]])
    #expect(!event.isExpired(at: 99) && event.isExpired(at: 100) && event.isExpired(at: 101))
    #expect(!alice.event(kind: 1).isExpired(at: .max) && !alice.event(kind: 1, tags: [["expiration", "soon"]]).isExpired(at: .max))
  }

  @Test("ids have a short form for messages, and order by bytes")
  func ids() throws {
    let (low, high) = (try #require(EventID(hex: one)), try #require(EventID(hex: two)))
    #expect(low < high && low.short == "11111111" && low.hex == one && low.bytes.count == 32)
    #expect(EventID(hex: one.dropLast()) == nil && PublicKey(hex: String(repeating: "A", count: 64)) == nil)
  }
}
