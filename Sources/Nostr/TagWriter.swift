// SPDX-License-Identifier: AGPL-3.0-or-later
import Cryptography

/// Writes the tags of an event of ours as JSON, element by element, straight into the bytes that its id is made of: no String, no array for each.
///
/// A tag begins with its name and ends where the next one begins.
public struct TagWriter: ~Copyable {
  private var json: ByteWriter
  /// Whether every text was free of control characters but `\n`, `\t`, `\r`.
  private(set) var isPlain = true
  private var isInTag = false
  private var hasElements = false

  /// - Parameter json: what stands before the tags.
  init(after json: consuming ByteWriter) {
    self.json = json
    self.json.append(UInt8(ascii: "["))
  }

  /// Begins a tag. Here and in `add(literal:)` and `put(literal:)`: printable ASCII without quotes and backslashes, taken as it is.
  public mutating func begin(_ name: StaticString) {
    begin()
    add(literal: name)
  }

  /// Adds tags that are the same in every event: `["t","UPlanet"],["role","receipt"]`, taken as they are.
  public mutating func add(tags: StaticString) {
    json.append(isInTag ? "]," : "")
    json.append(tags)
    // Its last tag is the one that ends with the next.
    json.removeLast()
    isInTag = true
    hasElements = true
  }

  /// Begins a tag that has no name yet.
  mutating func begin() {
    json.append(isInTag ? "],[" : "[")
    isInTag = true
    hasElements = false
  }

  public mutating func add(literal: StaticString) {
    open()
    put(literal: literal)
    close()
  }

  public mutating func add(text: String) {
    open()
    put(text: text)
    close()
  }

  public mutating func add(_ id: EventID) {
    open()
    put(id.value)
    close()
  }

  public mutating func add(_ key: PublicKey) {
    open()
    put(key.value)
    close()
  }

  /// An address as an `a` tag holds it, but for control characters in its `d`, which are left out.
  public mutating func add(_ address: Address) {
    open()
    put(number: address.kind)
    put(literal: ":")
    put(address.pubkey.value)
    put(literal: ":")
    let identifier = address.identifier.bytes
    if identifier.contains(where: Self.isControl) {
      JSONText.appendInside(identifier.filter { !Self.isControl($0) }, to: &json)
    } else {
      JSONText.appendInside(identifier, to: &json)
    }
    close()
  }

  /// Begins an element that is put together from pieces.
  public mutating func open() {
    json.append(hasElements ? ",\"" : "\"")
    hasElements = true
  }

  public mutating func put(literal: StaticString) { json.append(literal) }

  public mutating func put(text: String) {
    isPlain = isPlain && UnsignedEvent.isPlain(text)
    JSONText.appendInside(text.utf8, to: &json)
  }

  /// - Parameter ascii: printable ASCII without quotes and backslashes, as a checked name is; taken as it is.
  public mutating func put(ascii: [UInt8]) { json.append(ascii) }

  /// The first lowercase hex digits of an id or a key; all 64 where nothing else is said.
  public mutating func put(_ value: Bytes32, hexDigits count: Int = 64) {
    json.append(hex: value, digits: count)
  }

  public mutating func put(number: UInt64) { json.append(decimal: number) }

  /// Ends what `open` began.
  public mutating func close() { json.append(UInt8(ascii: "\"")) }

  /// Ends the last tag and the list, and gives back the bytes with the tags behind what stood before them.
  consuming func finish() -> ByteWriter {
    json.append(isInTag ? "]]" : "]")
    return json
  }

  private static func isControl(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x7f }
}
