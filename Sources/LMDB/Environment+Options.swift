// SPDX-License-Identifier: AGPL-3.0-or-later
extension Environment {
  /// How an environment is opened.
  public struct Options: Sendable {
    /// When a commit is safe on the disk.
    public enum Durability: Sendable {
      /// Each commit waits for the disk.
      case full
      /// `MDB_NOSYNC`: commits survive the death of the process; a crash of the machine may lose or damage them. Someone calls `sync()`.
      case relaxed
    }

    /// The map's size at first; rounded up to whole 64 KiB. A larger size that the file remembers is kept.
    public var initialMapBytes: Int
    /// The map grows by doubling up to this size and no further; rounded down to whole 64 KiB.
    public var mapLimitBytes: Int
    /// How many tables may be open.
    public var maxTables: UInt32
    /// How many read transactions all processes together may hold. The first process to open the environment decides.
    public var maxReaders: UInt32
    public var durability: Durability
    /// Opens without the right to write. The file must exist.
    public var isReadOnly: Bool
    /// Permissions of the files when they are created.
    public var mode: UInt32
    /// How long to wait for the right to write, and to open: shorter than any time-out of whoever waits for us.
    public var waitMilliseconds = 4000
    /// A seam for tests of what stands above: asked before each write, commit and sync; a code other than 0 is what LMDB "answered".
    /// Nil in production.
    public var faultInjection: (@Sendable (FaultPoint) -> Int32)?

    public init(
      initialMapBytes: Int = 64 << 20, mapLimitBytes: Int = 4096 << 20, maxTables: UInt32 = 64, maxReaders: UInt32 = 512,
      durability: Durability = .full, isReadOnly: Bool = false, mode: UInt32 = 0o600, faultInjection: (@Sendable (FaultPoint) -> Int32)? = nil
    ) {
      self.initialMapBytes = initialMapBytes
      self.mapLimitBytes = mapLimitBytes
      self.maxTables = maxTables
      self.maxReaders = maxReaders
      self.durability = durability
      self.isReadOnly = isReadOnly
      self.mode = mode
      self.faultInjection = faultInjection
    }

    /// LMDB asks for whole pages of the system; 64 KiB is the largest that Linux has.
    static let granuleBytes = 64 << 10

    /// The limit in whole granules, at least one.
    var limitBytes: Int { max(Self.granuleBytes, mapLimitBytes / Self.granuleBytes * Self.granuleBytes) }

    /// The first size in whole granules, at most the limit.
    var firstBytes: Int {
      if initialMapBytes >= limitBytes { return limitBytes }
      return (max(initialMapBytes, 1) - 1) / Self.granuleBytes * Self.granuleBytes + Self.granuleBytes
    }
  }
}
