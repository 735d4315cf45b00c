// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography
import Nostr
import Policy

/// A group's state at one node of its history: a pure function of the node's id.
struct GroupSnapshot: Sendable, Equatable {
  /// By entry id, which is the order of the members array.
  var entries: [Entry] = []
  var admin: EventID?
  /// By key.
  var meta: [MetaItem] = []
  var attesters: [PublicKey]?

  struct MetaItem: Sendable, Equatable {
    let key: Text
    let value: Text
  }

  var metaBytes: Int { meta.reduce(0) { $0 + $1.key.count + $1.value.count } }

  /// What it holds on the heap, at most: texts share their bytes with nobody.
  var heapBytes: Int {
    let texts = meta.reduce(0) { $0 + 2 * Self.bytesAroundArray + $1.key.count + $1.value.count }
    return entries.capacity * MemoryLayout<Entry>.stride + meta.capacity * MemoryLayout<MetaItem>.stride + texts + (attesters?.capacity ?? 0) * 32
      + 3 * Self.bytesAroundArray
  }

  /// An array's header, and what the allocator adds and rounds up.
  static let bytesAroundArray = 56

  /// - Parameter place: where another entry stands, if one was just found. Ids ascend and differ, so the distance of two entries is at most that of
  ///   their ids: neighbours are found at once.
  func index(of id: EntryID, near place: Int? = nil) -> Int? {
    var low = 0
    var high = entries.count
    if let place {
      let found = entries[place].id.value
      if found <= id.value {
        low = place
        high = place + Int(min(UInt64(high - place), (id.value - found).saturatingAdd(1)))
      } else {
        high = place
      }
    }
    while low < high {
      let middle = low + (high - low) / 2
      if entries[middle].id < id { low = middle + 1 } else { high = middle }
    }
    return low < entries.count && entries[low].id == id ? low : nil
  }

  func contains(_ account: PublicKey) -> Bool { entries.contains { $0.member == .account(account) } }

  /// The groups that it refers to, with what it grants them.
  var structure: GroupStructure {
    GroupStructure(
      admin: admin,
      nested: entries.compactMap { entry in
        if case .group(let id, let isBlock) = entry.member { GroupStructure.Nested(group: id, isBlock: isBlock, entry: entry.id) } else { nil }
      })
  }

  /// Replays a node's effective change.
  mutating func apply(_ change: ResolvedChange, depth: UInt32) {
    apply([(change, depth)])
  }

  /// Replays several, oldest first, in one pass over the entries: ids are unique, so it makes no difference when an entry goes.
  mutating func apply(_ changes: [(change: ResolvedChange, depth: UInt32)]) {
    var gone: [EntryID] = []
    var items: [MetaChange] = []
    for (change, depth) in changes {
      gone += change.removes
      for (ordinal, member) in change.adds.enumerated() { entries.append(Entry(id: EntryID(depth: depth, ordinal: ordinal), member: member)) }
      if let setting = change.admin { admin = setting.value }
      items += change.meta
      if let setting = change.attesters { attesters = setting.value }
    }
    apply(meta: items)
    if gone.count > 4 {
      // Both in their order: one pass.
      gone.sort()
      var next = 0
      var kept: [Entry] = []
      kept.reserveCapacity(entries.count)
      for entry in entries {
        while next < gone.count, gone[next] < entry.id { next += 1 }
        if next == gone.count || gone[next] != entry.id { kept.append(entry) }
      }
      entries = kept
    } else {
      for id in gone { if let index = index(of: id) { entries.remove(at: index) } }
    }
  }

  /// Where a key stands, or would stand.
  private func place(of key: Text) -> (index: Int, exists: Bool) {
    var low = 0
    var high = meta.count
    while low < high {
      let middle = low + (high - low) / 2
      if meta[middle].key < key { low = middle + 1 } else { high = middle }
    }
    return (low, low < meta.count && meta[low].key == key)
  }

  func metaValue(of key: Text) -> Text? {
    let (index, exists) = place(of: key)
    return exists ? meta[index].value : nil
  }

  /// How much meta there would be after a change whose keys are distinct; nothing is merged for it.
  func metaSize(after changes: [MetaChange]) -> (keys: Int, bytes: Int) {
    var (keys, bytes) = (meta.count, metaBytes)
    for item in changes {
      if let known = metaValue(of: item.key) {
        keys -= 1
        bytes -= item.key.count + known.count
      }
      if let value = item.value {
        keys += 1
        bytes += item.key.count + value.count
      }
    }
    return (keys, bytes)
  }

  /// Sets and deletes keys, of several changes of one key the last, in one pass over what is there.
  mutating func apply(meta changes: [MetaChange]) {
    if changes.count <= 2 {
      for change in changes { apply(change) }
      return
    }
    var latest: [Text: Text?] = [:]
    for change in changes { latest[change.key] = .some(change.value) }
    let news = latest.sorted { $0.key < $1.key }
    var next = 0
    var merged: [MetaItem] = []
    merged.reserveCapacity(meta.count + news.count)
    func takeNext() {
      if let value = news[next].value { merged.append(MetaItem(key: news[next].key, value: value)) }
      next += 1
    }
    for item in meta {
      while next < news.count, news[next].key < item.key { takeNext() }
      if next < news.count, news[next].key == item.key { takeNext() } else { merged.append(item) }
    }
    while next < news.count { takeNext() }
    meta = merged
  }

  private mutating func apply(_ change: MetaChange) {
    let (index, exists) = place(of: change.key)
    if let value = change.value {
      let item = MetaItem(key: change.key, value: value)
      if exists { meta[index] = item } else { meta.insert(item, at: index) }
    } else if exists {
      meta.remove(at: index)
    }
  }

  // version 1 · entries n×(id 8, member 33) · admin ? · meta n×(key, value) · attesters ?
  func encoded() -> [UInt8] {
    var writer = RecordWriter(capacity: entries.count * 41 + 128)
    writer.put(UInt8(1))
    writer.put(list: entries) {
      $0.put($1.id.value)
      $0.put($1.member)
    }
    writer.put(optional: admin) { $0.put($1) }
    writer.put(list: meta) {
      $0.put(counted: $1.key.bytes)
      $0.put(counted: $1.value.bytes)
    }
    writer.put(optional: attesters) { $0.put(list: $1) { $0.put($1) } }
    return writer.bytes
  }

  init() {}

  private static let entryBytes = 41

  /// As `RecordReader` would read them; but there may be ten thousand.
  private static func entries(_ bytes: ArraySlice<UInt8>, _ count: Int) throws -> [Entry] {
    var entries: [Entry] = []
    entries.reserveCapacity(count + 64)
    try bytes.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress else { return }
      for start in stride(from: 0, to: buffer.count, by: entryBytes) {
        let id = EntryID(value: UInt64(bigEndian: buffer.loadUnaligned(fromByteOffset: start, as: UInt64.self)))
        let value = Bytes32(unsafe: base + start + 9)
        guard let member = Member(type: buffer[start + 8], value: value) else { throw Fault.corrupt(GroupsState.states, "unknown member") }
        entries.append(Entry(id: id, member: member))
      }
    }
    return entries
  }

  init(decoding bytes: [UInt8]) throws {
    let table = GroupsState.states
    var reader = RecordReader(bytes, of: table)
    try reader.version(1)
    let count = Int(try reader.uint32())
    entries = try Self.entries(try reader.fixed(count * Self.entryBytes), count)
    admin = try reader.optional { try $0.eventID() }
    meta = try reader.list { MetaItem(key: Text(utf8: try $0.counted()[...]), value: Text(utf8: try $0.counted()[...])) }
    attesters = try reader.optional { try $0.list { try $0.publicKey() } }
  }
}

/// What a group refers to, apart from accounts: enough to find one's way between groups without reading members.
struct GroupStructure: Sendable, Equatable {
  struct Nested: Sendable, Equatable {
    let group: EventID
    let isBlock: Bool
    let entry: EntryID
  }

  var admin: EventID?
  var nested: [Nested]

  var isFlat: Bool { admin == nil && nested.isEmpty }
  /// Every group that it names.
  var references: [EventID] { nested.map(\.group) + (admin.map { [$0] } ?? []) }

  func encoded(createdAt: UInt64) -> [UInt8] {
    var writer = RecordWriter()
    writer.put(createdAt)
    writer.put(optional: admin) { $0.put($1) }
    writer.put(list: nested) {
      $0.put($1.entry.value)
      $0.put($1.isBlock)
      $0.put($1.group)
    }
    return writer.bytes
  }

  init(admin: EventID?, nested: [Nested]) {
    self.admin = admin
    self.nested = nested
  }

  static func decoding(_ bytes: [UInt8]) throws -> (createdAt: UInt64, structure: GroupStructure) {
    var reader = RecordReader(bytes, of: GroupsState.structures)
    let createdAt = try reader.uint64()
    let admin = try reader.optional { try $0.eventID() }
    let nested = try reader.list { reader in
      let entry = EntryID(value: try reader.uint64())
      let isBlock = try reader.bool()
      return Nested(group: try reader.eventID(), isBlock: isBlock, entry: entry)
    }
    return (createdAt, GroupStructure(admin: admin, nested: nested))
  }
}
