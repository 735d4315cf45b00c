// SPDX-License-Identifier: AGPL-3.0-or-later

/// One tag of an event: its name, then its values. An index into the event's `TagList`; copying it copies nothing.
public struct Tag: Sendable {
  let storage: TagStorage
  let index: Int

  /// The first element; empty for a tag without elements.
  public var name: Text { self[0] ?? .empty }

  /// Whether the tag has that name.
  public func isNamed(_ name: StaticString) -> Bool { storage.isNamed(name, tag: index) }

  /// Whether the tag has that second element.
  public func hasValue(_ value: StaticString) -> Bool { storage.hasValue(value, tag: index) }

  /// How many elements, the name among them.
  public var count: Int { storage.elementRange(ofTag: index).count }

  /// Element `position` (0 is the name, 1 the value). nil when absent or not a string (possible from the third element on).
  public subscript(_ position: Int) -> Text? {
    let elements = storage.elementRange(ofTag: index)
    guard position >= 0, position < elements.count else { return nil }
    return storage.text(ofElement: elements.lowerBound + position)
  }
}
