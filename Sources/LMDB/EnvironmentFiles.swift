// SPDX-License-Identifier: AGPL-3.0-or-later
import CSystem
import Glibc

/// The files of an environment: looked at, and reserved, before LMDB opens and maps them, and compared while they are in use.
///
/// LMDB opens whatever is there, waits for ever at a pipe, and maps without asking whether what it maps exists: each of these would hang or kill
/// the process. Nothing may open and close `lock.mdb` while LMDB has it open: the closing would drop LMDB's own locks.
struct EnvironmentFiles: Sendable {
  let path: String
  /// Of the directory; belongs to `OpenDirectories`.
  let directory: Int32
  private let directoryIdentity: FileIdentity
  private(set) var data: FileIdentity?
  private(set) var lock: FileIdentity?
  private var lockBytes = 0

  static let dataName = "data.mdb"
  static let lockName = "lock.mdb"
  /// Left by the signal handler (CFaults).
  static let markName = "damaged"

  init(_ path: String, directory: Int32, identity: FileIdentity) {
    self.path = path
    self.directory = directory
    directoryIdentity = identity
  }

  // MARK: Before the opening

  /// Takes the right to write, as a descriptor of its own. A state that is only read does without where it may not write.
  func openWriteLock(isReadOnly: Bool) throws -> Int32 {
    do { return try open(WriteLock.fileName, O_RDWR | (isReadOnly ? 0 : O_CREAT)) ?? -1 } catch {
      if isReadOnly { return -1 }
      throw error
    }
  }

  /// Refuses what LMDB would hang or fault on.
  ///
  /// - Returns: whether LMDB will make a new data.mdb.
  func checkData(isReadOnly: Bool) throws -> Bool {
    let file = "\(path)/\(Self.dataName)"
    guard let descriptor = try open(Self.dataName, isReadOnly ? O_RDONLY : O_RDWR) else { return true }
    defer { close(descriptor) }
    var isNew = false
    do {
      // A reader that holds no lock may see a commit half: the second look sees it whole.
      for isLast in [false, true] {
        do {
          let meta = try MetaPages(descriptor)
          isNew = meta == nil
          try meta?.checkSize(of: descriptor)
          break
        } catch  where !isLast { continue }
      }
    } catch MetaPages.Finding.cut(let bytes, let wanted) {
      throw EnvironmentError.cut(file, bytes: bytes, wantedBytes: wanted)
    } catch MetaPages.Finding.damaged(let why) {
      throw EnvironmentError.damaged(file, why: why)
    }
    try checkMark(FileIdentity(descriptor: descriptor))
    return isNew
  }

  /// Throws `marked` when a process died on this very file. The mark of another one, since replaced, is void.
  private func checkMark(_ data: FileIdentity?) throws {
    var status = stat()
    guard fstatat(directory, Self.markName, &status, AT_SYMLINK_NOFOLLOW) == 0 else { return }
    var why = "its mark says no more"
    if status.st_mode & S_IFMT == S_IFREG, let descriptor = try open(Self.markName, O_RDONLY) {
      defer { close(descriptor) }
      let text = MetaPages.bytes(of: descriptor, at: 0, count: Int(min(status.st_size, 200))).map { String(decoding: $0, as: UTF8.self) } ?? ""
      let words = text.split(whereSeparator: { $0 == " " || $0 == "\n" })
      if words.count == 3, let device = UInt64(words[1]), let inode = UInt64(words[2]) {
        if let data, data.device != device || data.inode != inode {
          // What stands here now is another file: restored, or made anew.
          unlinkat(directory, Self.markName, 0)
          return
        }
        if ["SIGBUS", "SIGSEGV", "SIGABRT"].contains(words[0]) { why = String(words[0]) }
      }
    }
    throw EnvironmentError.marked("\(path)/\(Self.markName)", why: why)
  }

  /// Makes lock.mdb, or looks at the one that is there, and takes room for all of it: a hole in a mapped file on a full disk is a SIGBUS.
  ///
  /// - Returns: a descriptor of it, to be closed after LMDB has closed its own, and not before: that would drop LMDB's locks. -1 without one.
  func reserveLockFile(maxReaders: UInt32, isReadOnly: Bool, mode: UInt32) throws -> Int32 {
    let file = "\(path)/\(Self.lockName)"
    // On a file system that is mounted read-only LMDB does without.
    guard let descriptor = try open(Self.lockName, O_RDWR | O_CREAT, mode: mode, isOptional: isReadOnly ? [EROFS] : []) else { return -1 }
    do { try reserve(descriptor, file, maxReaders) } catch {
      close(descriptor)
      throw error
    }
    return descriptor
  }

  private func reserve(_ descriptor: Int32, _ file: String, _ maxReaders: UInt32) throws {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw EnvironmentError.unusable(file, why: String(cString: strerror(errno))) }
    let wanted = Self.lockBytes(maxReaders)
    var bytes = Int(status.st_size)
    if bytes < wanted {
      // Who uses it holds a lock of its first byte. Their maps are as long as it was when they opened it.
      let isUsed = commonsguard_lock_holder(descriptor, 0, 1) >= 0
      if !isUsed { bytes = wanted } else if bytes < Self.lockBytes(1) { throw EnvironmentError.lockFileCut(file) }
    }
    let code = posix_fallocate(descriptor, 0, off_t(bytes))
    if code == ENOSPC || code == EDQUOT || code == EFBIG { throw EnvironmentError.noRoom(file, why: String(cString: strerror(code))) }
  }

  /// As LMDB counts: a head of two cache lines, and one for each reader.
  private static func lockBytes(_ maxReaders: UInt32) -> Int { 128 + 64 * Int(max(1, maxReaders)) }

  /// Opens a regular file of the directory without waiting for anybody; nil when it is missing. What root makes belongs to the state's owner.
  private func open(_ name: String, _ flags: Int32, mode: UInt32 = 0o600, isOptional: Set<Int32> = []) throws -> Int32? {
    let file = "\(path)/\(name)"
    switch FileOwner.open(directory, name, flags, mode: mode_t(mode), ofStateIn: path) {
    case .success(let descriptor): return descriptor
    case .failure(let error):
      if error.code == ENOENT && flags & O_CREAT == 0 || isOptional.contains(error.code) { return nil }
      switch error.code {
      case EACCES, EPERM: throw EnvironmentError.notPermitted(file, owner: Self.owner(of: file))
      case ENOSPC, EDQUOT: throw EnvironmentError.noRoom(file, why: String(cString: strerror(error.code)))
      // A folder, a link; a pipe or a device, served or not.
      case EISDIR, ELOOP, ENXIO, ENODEV: throw EnvironmentError.notRegular(file)
      default: throw EnvironmentError.unusable(file, why: String(cString: strerror(error.code)))
      }
    }
  }

  /// Who owns it; where even that may not be seen, who owns the nearest folder above.
  static func owner(of file: String) -> String {
    var status = stat()
    var path = file
    while stat(path, &status) != 0 {
      guard let slash = path.lastIndex(of: "/"), slash > path.startIndex else { return FileOwner.name(of: 0) }
      path = String(path[..<slash])
    }
    return FileOwner.name(of: status.st_uid)
  }

  // MARK: While it is open

  /// LMDB could not fill a new data.mdb: what it left would be no state, for ever.
  func forgetNewData() {
    guard let descriptor = try? open(Self.dataName, O_RDWR) else { return }
    defer { close(descriptor) }
    var status = stat()
    if fstat(descriptor, &status) == 0, status.st_size > 0, (try? MetaPages(descriptor)) == nil { ftruncate(descriptor, 0) }
  }

  /// Remembers which files LMDB has opened. What root made of them belongs to the state's owner.
  mutating func remember(isNew: Bool) {
    var status = stat()
    if isNew, geteuid() == 0, fstatat(directory, ".", &status, 0) == 0, status.st_uid != 0 {
      // LMDB made it; the others were given away when they were made.
      fchownat(directory, Self.dataName, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW)
    }
    if fstatat(directory, Self.dataName, &status, 0) == 0 { data = FileIdentity(status) }
    if fstatat(directory, Self.lockName, &status, 0) == 0 {
      lock = FileIdentity(status)
      lockBytes = Int(status.st_size)
    }
  }

  /// Whether lock.mdb was deleted, replaced or cut: with another one somebody else may write at this moment. The shortest system call there is.
  @inline(__always)
  func hasLockFile(_ descriptor: Int32) -> Bool {
    var status = stat()
    return descriptor < 0 || fstat(descriptor, &status) != 0 || status.st_nlink > 0 && Int(status.st_size) >= lockBytes
  }

  /// Whether lock.mdb is still the one that this process uses.
  private var isLockInPlace: Bool {
    var status = stat()
    return fstatat(directory, Self.lockName, &status, 0) == 0 ? FileIdentity(status) == lock && Int(status.st_size) >= lockBytes : lock == nil
  }

  /// Whether what stands at the path now is still the data that this process uses, and how long it is. One system call.
  @inline(__always)
  func dataBytes(_ dataPath: borrowing DataPath) -> Int? {
    var status = stat()
    guard stat(dataPath.bytes, &status) == 0 else {
      // A folder above that was closed to us meanwhile says nothing about the file.
      return errno == ENOENT || errno == ENOTDIR || errno == ELOOP ? nil : .max
    }
    return FileIdentity(status) == data ? Int(status.st_size) : nil
  }

  /// Compares everything with what was opened; throws `gone`, `cut` or `marked`.
  func check(knownBytes: Int, writeLock: FileIdentity?) throws {
    let remedy = "put it back, or, to begin with an empty state, start the relay again"
    var status = stat()
    guard stat(path, &status) == 0 else {
      if errno == EACCES { return }
      throw EnvironmentError.gone(path, what: "the directory was moved or deleted; \(remedy)")
    }
    guard FileIdentity(status) == directoryIdentity else { throw EnvironmentError.gone(path, what: "the directory was replaced; it is opened anew") }
    guard fstatat(directory, Self.dataName, &status, 0) == 0 else {
      throw EnvironmentError.gone(path, what: "\(Self.dataName) was moved or deleted; \(remedy)")
    }
    guard FileIdentity(status) == data else { throw EnvironmentError.gone(path, what: "\(Self.dataName) was replaced; it is opened anew") }
    if Int(status.st_size) < knownBytes {
      throw EnvironmentError.cut("\(path)/\(Self.dataName)", bytes: Int(status.st_size), wantedBytes: knownBytes)
    }
    guard isLockInPlace else {
      throw EnvironmentError.gone(path, what: "\(Self.lockName) was deleted, replaced or cut; it is opened anew: leave that file to the program")
    }
    if let writeLock {
      guard fstatat(directory, WriteLock.fileName, &status, 0) == 0, FileIdentity(status) == writeLock else {
        throw EnvironmentError.gone(path, what: "\(WriteLock.fileName) was deleted or replaced; it is opened anew: leave that file to the program")
      }
    }
    try checkMark(data)
  }
}

/// A path as the system takes it, made once.
struct DataPath: ~Copyable, @unchecked Sendable {
  let bytes: UnsafeMutablePointer<CChar>

  init(directory: String) {
    bytes = strdup("\(directory)/\(EnvironmentFiles.dataName)")
  }

  deinit { free(bytes) }
}
