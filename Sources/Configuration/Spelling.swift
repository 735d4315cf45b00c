// SPDX-License-Identifier: AGPL-3.0-or-later

/// Guesses what a misspelt word was meant to be.
public enum Spelling {
  /// `; did you mean x?` when one of the words is close enough, else nothing.
  public static func suggestion(for word: String, among words: [String]) -> String {
    guard word.utf8.count <= 40 else { return "" }
    let ranked = words.map { ($0, distance(word.lowercased(), $0.lowercased())) }.sorted { $0.1 < $1.1 }
    guard let (closest, edits) = ranked.first, edits <= max(1, min(word.utf8.count, closest.utf8.count) / 3) else { return "" }
    return "; did you mean \(closest)?"
  }

  /// How many bytes have to be put in, taken out or changed (Levenshtein).
  private static func distance(_ left: String, _ right: String) -> Int {
    let right = Array(right.utf8)
    var row = Array(0...right.count)
    for (index, byte) in left.utf8.enumerated() {
      var diagonal = row[0]
      row[0] = index + 1
      for column in right.indices {
        let above = row[column + 1]
        row[column + 1] = min(above + 1, row[column] + 1, diagonal + (byte == right[column] ? 0 : 1))
        diagonal = above
      }
    }
    return row.last ?? 0
  }
}
