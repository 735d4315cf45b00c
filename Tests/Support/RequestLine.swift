// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// The line that strfry would send for an event, without its newline: minified, keys in alphabetical order.
public func requestLine(
  _ event: Event, receivedAt: UInt64 = 1_700_000_000, sourceType: String = "IP4", sourceInfo: String = "192.0.2.1"
) -> [UInt8] {
  requestLine(json: event.raw, receivedAt: receivedAt, sourceType: sourceType, sourceInfo: sourceInfo)
}

/// As above, around any bytes that stand for the event.
public func requestLine(
  json event: [UInt8], receivedAt: UInt64 = 1_700_000_000, sourceType: String = "IP4", sourceInfo: String = "192.0.2.1"
) -> [UInt8] {
  var line = Array("{\"event\":".utf8)
  line += event
  line += ",\"receivedAt\":\(receivedAt),\"sourceInfo\":".utf8
  JSONText.append(sourceInfo.utf8, to: &line)
  line += ",\"sourceType\":".utf8
  JSONText.append(sourceType.utf8, to: &line)
  line += ",\"type\":\"new\"}".utf8
  return line
}
