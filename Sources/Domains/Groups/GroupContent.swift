// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr
import Policy

/// Reads the JSON contents of group events.
enum GroupContent {
  static let knownKeys: [StaticString] = ["remove", "add", "admin", "meta", "broadcast-attesters"]

  /// GP4 (what needs no state), GP5.
  static func proposal(_ object: JSONValue, options: GroupsOptions, trace: CheckTrace?) throws -> GroupChange {
    var change = GroupChange()
    trace?.enter("GP4")
    if let value = object["remove"] {
      guard let positions = positions(value) else { throw GroupsRejection.removeOutOfRange }
      guard Set(positions).count == positions.count else { throw GroupsRejection.duplicateRemove }
      change.positions = positions
    }
    trace?.enter("GP5")
    if let value = object["add"] {
      guard let members = members(value, options: options) else { throw GroupsRejection.malformedAdd }
      change.adds = members
    }
    if let value = object["admin"] {
      guard let setting = admin(value) else { throw GroupsRejection.malformedAdmin }
      change.admin = setting
    }
    guard let items = meta(object["meta"]) else { throw GroupsRejection.malformedMeta }
    change.meta = items
    guard let setting = attesters(object["broadcast-attesters"]) else { throw GroupsRejection.malformedAttesters }
    change.attesters = setting.value
    return change
  }

  /// GM10: nothing, or an object.
  static func modificationObject(_ content: Text) -> JSONValue? {
    if content.isEmpty { return .object([]) }
    guard let value = JSONValue(parsing: content, depthLimit: GroupLimits.jsonDepth), case .object = value else { return nil }
    return value
  }

  /// GM10 and GM11.
  static func modification(_ object: JSONValue, options: GroupsOptions, trace: CheckTrace?) throws -> GroupChange {
    var change = GroupChange()
    if let value = object["remove"] {
      guard let positions = positions(value), Set(positions).count == positions.count else { throw GroupsRejection.malformedContent }
      change.positions = positions
    }
    if let value = object["add"] {
      guard let members = members(value, options: options) else { throw GroupsRejection.malformedContent }
      change.adds = members
    }
    guard let items = meta(object["meta"]), let setting = attesters(object["broadcast-attesters"]) else { throw GroupsRejection.malformedContent }
    change.meta = items
    change.attesters = setting.value
    trace?.enter("GM11")
    guard object["admin"] == nil else { throw GroupsRejection.directAdmin }
    return change
  }

  /// An array of whole numbers from 0 on; nil for anything else.
  private static func positions(_ value: JSONValue) -> [Int]? {
    guard case .array(let elements) = value else { return nil }
    var positions: [Int] = []
    for element in elements {
      guard case .number(let digits) = element, let number = digits.decimal, let position = Int(exactly: number) else { return nil }
      positions.append(position)
    }
    return positions
  }

  /// One entry: a pubkey, `[gid]` or `[gid,"groupvote"]`.
  static func member(_ value: JSONValue) -> Member? {
    switch value {
    case .string(let text): return PublicKey(hex: text).map { .account($0) }
    case .array(let elements):
      guard let first = elements.first?.text, let id = EventID(hex: first) else { return nil }
      if elements.count == 1 { return .group(id, isBlock: false) }
      guard elements.count == 2, let flag = elements[1].text, flag == "groupvote" else { return nil }
      return .group(id, isBlock: true)
    default: return nil
    }
  }

  private static func members(_ value: JSONValue, options: GroupsOptions) -> [Member]? {
    guard case .array(let elements) = value else { return nil }
    var members: [Member] = []
    for element in elements {
      guard let member = member(element), member.account != nil || options.allowNestedAdd else { return nil }
      members.append(member)
    }
    return members
  }

  static func admin(_ value: JSONValue) -> Setting<EventID>? {
    if value.isNull { return .clear }
    return value.text.flatMap { EventID(hex: $0) }.map { .set($0) }
  }

  /// Absent: no items. nil when it is no flat object of strings and nulls.
  static func meta(_ value: JSONValue?) -> [MetaChange]? {
    guard let value else { return [] }
    guard case .object(let members) = value else { return nil }
    var items: [MetaChange] = []
    for member in members {
      switch member.value {
      case .string(let text): items.append(MetaChange(key: member.key, value: text))
      case .null: items.append(MetaChange(key: member.key, value: nil))
      default: return nil
      }
    }
    return items
  }

  /// What `broadcast-attesters` says: absent, cleared, or a list.
  struct AttestersSetting {
    let value: Setting<[PublicKey]>?
  }

  /// nil unless it is absent, null, or a non-empty array of distinct pubkeys.
  static func attesters(_ value: JSONValue?) -> AttestersSetting? {
    guard let value else { return AttestersSetting(value: nil) }
    if value.isNull { return AttestersSetting(value: .clear) }
    guard case .array(let elements) = value, !elements.isEmpty else { return nil }
    var keys: [PublicKey] = []
    for element in elements {
      guard let key = element.text.flatMap({ PublicKey(hex: $0) }), !keys.contains(key) else { return nil }
      keys.append(key)
    }
    return AttestersSetting(value: .set(keys))
  }
}

/// The content of an init event. Source: groups, 6.6.
struct InitContent: Sendable {
  let members: [Member]
  let admin: EventID?
  let meta: [MetaChange]
  let attesters: [PublicKey]?

  /// GI1, GI2, GI4, and the shapes of GI5, GI6 and GI7.
  init(parsing event: VerifiedEvent, options: GroupsOptions, trace: CheckTrace?) throws {
    trace?.enter("GI1")
    guard let object = JSONValue(parsing: event.content, depthLimit: GroupLimits.jsonDepth), case .object = object else {
      throw GroupsRejection.notAnObject
    }
    trace?.enter("GI2")
    guard case .array(let elements)? = object["members"] else { throw GroupsRejection.malformedMembers }
    var members: [Member] = []
    for (index, element) in elements.enumerated() {
      guard let member = GroupContent.member(element) else { throw GroupsRejection.malformedMember(index) }
      members.append(member)
    }
    self.members = members
    trace?.enter("GI4")
    let groups = members.compactMap(\.group)
    guard Set(groups).count == groups.count else { throw GroupsRejection.duplicateNested }
    let accounts = members.compactMap(\.account)
    guard options.allowDuplicateInit || Set(accounts).count == accounts.count else { throw GroupsRejection.duplicateMember }
    trace?.enter("GI5")
    if let value = object["admin"] {
      guard let setting = GroupContent.admin(value) else { throw GroupsRejection.malformedAdmin }
      admin = setting.value
    } else {
      admin = nil
    }
    trace?.enter("GI6")
    guard let setting = GroupContent.attesters(object["broadcast-attesters"]) else { throw GroupsRejection.malformedAttesters }
    attesters = setting.value?.value
    trace?.enter("GI7")
    guard let items = GroupContent.meta(object["meta"]), items.allSatisfy({ $0.value != nil }) else { throw GroupsRejection.malformedMeta }
    meta = items
  }

  /// Everything that it sets.
  var change: ResolvedChange {
    ResolvedChange(
      adds: members, admin: admin.map { .set($0) }, meta: meta.sorted { $0.key < $1.key }, attesters: attesters.map { .set($0) })
  }
}
