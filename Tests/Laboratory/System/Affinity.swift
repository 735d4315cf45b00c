// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc

/// Which CPU this process may run on; children inherit it.
enum Affinity {
  static func pin(to cpu: Int) throws {
    guard (0..<1024).contains(cpu) else { throw UsageError(message: "there is no CPU \(cpu)") }
    var mask = [UInt64](repeating: 0, count: 16)
    mask[cpu / 64] = 1 << UInt64(cpu % 64)
    guard setAffinity(0, mask.count * 8, &mask) == 0 else { throw LaboratoryFailure("CPU \(cpu) cannot be had") }
  }
}

/// glibc declares it only under _GNU_SOURCE, which Swift's own module does not define.
@_silgen_name("sched_setaffinity")
private func setAffinity(_ pid: pid_t, _ bytes: Int, _ mask: UnsafeMutablePointer<UInt64>) -> Int32
