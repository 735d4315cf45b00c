// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

extension SourceType {
  /// The number that stands for it in rows: never renumber.
  var code: UInt8 {
    switch self {
    case .other: 0
    case .ip4: 1
    case .ip6: 2
    case .import: 3
    case .stream: 4
    case .sync: 5
    case .stored: 6
    case .peer: 7
    case .archive: 8
    case .local: 9
    }
  }

  /// A code of a later program counts as a source that this one does not know.
  init(code: UInt8) { self = Self.allCases.first { $0.code == code } ?? .other }
}
