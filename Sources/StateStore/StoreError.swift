// SPDX-License-Identifier: AGPL-3.0-or-later
import LMDB
import Policy

/// The state cannot be opened, or not be kept: the words say what to do. Commands exit with 74.
public enum StoreError: Error, Sendable, CustomStringConvertible {
  /// A newer program wrote the state.
  case newerSchema(found: UInt64, known: UInt64)
  /// An older program wrote the state, and it was opened for reading only.
  case olderSchema(found: UInt64, known: UInt64)
  /// There is no state in the directory, and it was opened for reading only.
  case missing(directory: String)
  /// The state has rows and no schema version, or one that is no number.
  case unversioned
  /// No step leads from this schema to the program's.
  case noMigration(from: UInt64)
  /// Another program has brought the state to another schema while it was open here.
  case schemaChanged(found: UInt64, known: UInt64)
  /// The files cannot be used, or are gone: the words say what to do.
  case unusable(String)
  /// A call of the system or of LMDB failed.
  case failed(what: String, why: String)

  public var description: String {
    switch self {
    case .newerSchema(let found, let known):
      """
      the state has schema \(found), this program knows schema \(known): run the newer commonsguard that wrote it, \
      or `commonsguard rebuild` a new state from an export
      """
    case .olderSchema(let found, let known):
      "the state has schema \(found), this program needs \(known): start `commonsguard run` or `deliver` once, which brings it up to date"
    case .missing(let directory): "there is no state in \(directory): check state.path, or start `commonsguard run` once"
    case .unversioned: "the state has no schema version: it is damaged; restore a backup, or `commonsguard rebuild` from an export"
    case .noMigration(let from):
      "this program cannot bring a state of schema \(from) up to date: export it with the commonsguard that wrote it, then `commonsguard rebuild`"
    case .schemaChanged(let found, let known):
      "another program has brought the state to schema \(found) while it was open here with schema \(known): nothing is written until it is opened anew"
    case .unusable(let words): words
    case .failed(let what, let why): "\(what): \(why)"
    }
  }

  static func opening(_ directory: String, _ error: any Error) -> StoreError {
    switch error {
    case let error as StoreError: error
    case EnvironmentError.failed(let error): .failed(what: "the state in \(directory) has to be opened anew", why: Fault(error, in: directory).detail)
    case let error as EnvironmentError: .unusable("\(error)")
    case let fault as Fault: .unusable(fault.detail)
    case let error as LMDBError: .failed(what: "the state in \(directory) cannot be opened", why: Fault(error, in: directory).detail)
    default: .failed(what: "the state in \(directory) cannot be opened", why: "\(error)")
    }
  }
}
