// SPDX-License-Identifier: AGPL-3.0-or-later
import Groups

/// libFuzzer's entry point: any bytes as a proof, as they are and behind a good beginning. Whatever is taken is bounded.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOTS(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  let bytes = Array(UnsafeRawBufferPointer(start: data, count: count))
  for proof in [bytes, beginning + bytes] {
    guard let parsed = try? OpenTimestamps(parsing: proof) else { continue }
    precondition(proof.count <= OpenTimestamps.maxBytes && parsed.bitcoin.count <= 8, "a proof beyond the limits")
    precondition((try? OpenTimestamps(parsing: proof + [0])) == nil, "bytes behind the end")
  }
  return 0
}

/// Magic, version, hash and a digest.
private let beginning: [UInt8] =
  [
    0x00, 0x4f, 0x70, 0x65, 0x6e, 0x54, 0x69, 0x6d, 0x65, 0x73, 0x74, 0x61, 0x6d, 0x70, 0x73, 0x00, 0x00, 0x50, 0x72, 0x6f, 0x6f, 0x66, 0x00, 0xbf,
    0x89,
    0xe2, 0xe8, 0x84, 0xe8, 0x92, 0x94, 1, 8,
  ] + [UInt8](repeating: 7, count: 32)
