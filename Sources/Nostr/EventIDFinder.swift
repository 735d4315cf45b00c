// SPDX-License-Identifier: AGPL-3.0-or-later

/// Finds the id to answer with in a line that is not acceptable otherwise: strfry kills a plugin whose answer does not echo it.
public enum EventIDFinder {
  /// The raw string, with its quotes, at `event.id` (for a bare event, without the key `event`: at `id`), in a line that may be anything.
  ///
  /// nil when none is found, and when it cannot be echoed: it must be a valid JSON string (UTF-8, no raw control characters, valid
  /// escapes without lone surrogates) of at most 4096 bytes. Linear time, no recursion.
  public static func find(in line: UnsafeRawBufferPointer) -> Range<Int>? { LenientLine(line).usableID }
}
