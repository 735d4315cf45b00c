// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// Degrees as they are written: a sign, whole degrees and decimals; compared without floating point.
struct Degrees: Equatable {
  let isNegative: Bool
  let whole: Int
  /// Decimal digits after the point.
  let places: [UInt8]

  /// - Parameter limit: the greatest absolute value allowed, in whole degrees.
  init?(_ text: some Collection<UInt8>, limit: Int) {
    var rest = Array(text)[...]
    isNegative = rest.first == UInt8(ascii: "-")
    if isNegative { rest.removeFirst() }
    let parts = rest.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
    guard let head = parts.first, (1...3).contains(head.count), parts.allSatisfy({ !$0.isEmpty && $0.count <= 20 && $0.allSatisfy(Self.isDigit) })
    else { return nil }
    whole = head.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    places = parts.count > 1 ? Array(parts[1]) : []
    guard whole < limit || whole == limit && places.allSatisfy({ $0 == UInt8(ascii: "0") }) else { return nil }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

  /// Hundredths of a degree, cut off.
  var truncatedHundredths: Int {
    let digits = (places.prefix(2) + [UInt8(ascii: "0"), UInt8(ascii: "0")]).prefix(2)
    let magnitude = digits.reduce(whole) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
    return isNegative ? -magnitude : magnitude
  }

  /// Hundredths of a degree, rounded half away from zero.
  var roundedHundredths: Int {
    let up = places.count > 2 && places[2] >= UInt8(ascii: "5") ? 1 : 0
    return truncatedHundredths + (isNegative ? -up : up)
  }

  /// Whether this is the two-decimal name of the cell that `exact` lies in; tools cut off or round, so either will do.
  func names(_ exact: Degrees) -> Bool { truncatedHundredths == exact.truncatedHundredths || truncatedHundredths == exact.roundedHundredths }
}

/// A place on Earth, the `g` tag `lat,lon` (C4).
struct Place {
  let latitude: Degrees
  let longitude: Degrees

  private init(latitude: Degrees, longitude: Degrees) {
    self.latitude = latitude
    self.longitude = longitude
  }

  init?(parsing text: Text) {
    let parts = text.bytes.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false)
    guard parts.count == 2, let latitude = Degrees(parts[0], limit: 90), let longitude = Degrees(parts[1], limit: 180) else { return nil }
    self.init(latitude: latitude, longitude: longitude)
  }

  /// The JSON dialect's `location`: an object of latitude and longitude, or the text of a `g` tag.
  init?(json: JSONValue) {
    if let text = json.text {
      self.init(parsing: text)
      return
    }
    guard let latitude = json["latitude"]?.numeric.flatMap({ Degrees($0.bytes, limit: 90) }),
      let longitude = json["longitude"]?.numeric.flatMap({ Degrees($0.bytes, limit: 180) })
    else { return nil }
    self.init(latitude: latitude, longitude: longitude)
  }
}

/// The map cell in a markdown campaign's `d`: `crowdfund-{lat}-{lon}-{slug}` (C1).
struct MapCell {
  let latitude: Degrees
  let longitude: Degrees

  init?(identifier: Text) {
    guard identifier.hasPrefix("crowdfund-") else { return nil }
    var rest = identifier.bytes.dropFirst("crowdfund-".utf8.count)
    guard let latitude = Self.degrees(&rest, limit: 90), let longitude = Self.degrees(&rest, limit: 180), !rest.isEmpty else { return nil }
    self.latitude = latitude
    self.longitude = longitude
  }

  /// Takes one number and the hyphen behind it; the number may have a minus of its own.
  private static func degrees(_ rest: inout ArraySlice<UInt8>, limit: Int) -> Degrees? {
    let searched = rest.first == UInt8(ascii: "-") ? rest.dropFirst() : rest
    guard let hyphen = searched.firstIndex(of: UInt8(ascii: "-")), let degrees = Degrees(rest[..<hyphen], limit: limit) else { return nil }
    rest = rest[(hyphen + 1)...]
    return degrees
  }

  func holds(_ place: Place) -> Bool { latitude.names(place.latitude) && longitude.names(place.longitude) }
}
