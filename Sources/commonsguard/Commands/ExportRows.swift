// SPDX-License-Identifier: AGPL-3.0-or-later

/// Whether the exports in a stream came whole: each with its last line, and with as many rows before it as that one says. Bare events need none.
struct ExportRows {
  /// Lines of an export since its beginning, or since the last one's end.
  private var rows: UInt64 = 0
  private var file: String?
  private(set) var trailers: [ExportTrailer] = []
  /// Events without a receivedAt and a source of their own.
  private(set) var bare = 0
  /// What is missing of an export; nil when each came with its end.
  private(set) var cut: String?

  mutating func see(_ item: EventStream.Item, at place: EventStream.Place) {
    if let file, file != place.file { endOfFile(file) }
    file = place.file
    switch item {
    case .event(_, _, _, let request): if request == nil { bare += 1 } else { rows += 1 }
    case .decision: rows += 1
    case .trailer(let trailer):
      if trailer.rows != rows { cut = cut ?? "\(place.file) holds \(rows) rows of an export that had \(trailer.rows)" }
      trailers.append(trailer)
      rows = 0
    case .skipped, .unreadable: return
    }
  }

  mutating func endOfInput() { if let file { endOfFile(file) } }

  private mutating func endOfFile(_ file: String) {
    if rows > 0 { cut = cut ?? "\(file) holds \(rows) request lines without the end of their export" }
    rows = 0
  }

  /// The end of the export that the stream is; nil when it is not one export and nothing else.
  var onlyTrailer: ExportTrailer? { trailers.count == 1 && bare == 0 ? trailers.first : nil }
}
