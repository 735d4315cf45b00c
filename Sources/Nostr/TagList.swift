// SPDX-License-Identifier: AGPL-3.0-or-later

/// The tags of an event, in their order. Names and values are compared byte by byte.
public struct TagList: RandomAccessCollection, Sendable {
  let storage: TagStorage

  public var startIndex: Int { 0 }
  public var endIndex: Int { storage.tagCount }
  /// - Parameter index: from 0 to `count - 1`; like an array, it traps beyond.
  public subscript(index: Int) -> Tag {
    precondition(index >= 0 && index < storage.tagCount, "tag index out of range")
    return Tag(storage: storage, index: index)
  }

  /// The first tag of that name.
  public func first(named name: StaticString) -> Tag? { indices.first { storage.isNamed(name, tag: $0) }.map { self[$0] } }

  /// The last tag of that name.
  public func last(named name: StaticString) -> Tag? { indices.last { storage.isNamed(name, tag: $0) }.map { self[$0] } }

  /// All tags of that name, in order.
  public func all(named name: StaticString) -> [Tag] {
    var named: [Tag] = []
    for index in 0..<storage.tagCount where storage.isNamed(name, tag: index) { named.append(Tag(storage: storage, index: index)) }
    return named
  }

  /// How many tags have that name.
  public func count(named name: StaticString) -> Int { indices.count { storage.isNamed(name, tag: $0) } }

  /// Whether a tag of that name has `value` as its second element.
  public func contains(_ name: StaticString, value: StaticString) -> Bool {
    indices.contains { storage.isNamed(name, tag: $0) && storage.hasValue(value, tag: $0) }
  }
}
