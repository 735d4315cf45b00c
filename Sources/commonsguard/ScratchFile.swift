// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// A file without a name: it is gone with the program, however that ends.
final class ScratchFile {
  private let folder: String
  private let descriptor: Int32
  /// Written and not yet in the file.
  private var pending: [UInt8] = []
  private var written = 0

  /// Bytes appended so far.
  var count: Int { written + pending.count }

  init(in folder: String) throws {
    self.folder = folder
    var template = Array("\(folder)/scratch-XXXXXX".utf8CString)
    descriptor = template.withUnsafeMutableBufferPointer { name in
      guard let path = name.baseAddress else { return -1 }
      let descriptor = mkstemp(path)
      if descriptor >= 0 {
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        unlink(path)
      }
      return descriptor
    }
    if descriptor < 0 { throw Failure(.state, "no temporary file can be made in \(folder): \(String(cString: strerror(errno)))") }
  }

  deinit { close(descriptor) }

  func append(_ bytes: some Sequence<UInt8>) throws {
    pending += bytes
    if pending.count >= 1 << 20 { try flush() }
  }

  private func flush() throws {
    if let code = Descriptor.write(pending, to: descriptor) { throw failed(code) }
    written += pending.count
    pending.removeAll(keepingCapacity: true)
  }

  /// All of it, to be read; the file is not empty, and nothing is appended any more.
  func mapped() throws -> UnsafeRawBufferPointer {
    try flush()
    guard let address = mmap(nil, written, PROT_READ, MAP_PRIVATE, descriptor, 0), address != MAP_FAILED else { throw failed(errno) }
    return UnsafeRawBufferPointer(start: address, count: written)
  }

  /// `count` bytes from `offset` on, which were appended before.
  func read(_ count: Int, at offset: Int) throws -> [UInt8] {
    if !pending.isEmpty { try flush() }
    return try [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let got = pread(descriptor, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(offset + filled))
        if got > 0 {
          filled += got
        } else if got == 0 || errno != EINTR {
          throw failed(got == 0 ? EIO : errno)
        }
      }
    }
  }

  private func failed(_ code: Int32) -> Failure {
    Failure(.state, "the temporary file in \(folder) cannot be used: \(String(cString: strerror(code)))")
  }
}
