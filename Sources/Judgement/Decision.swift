// SPDX-License-Identifier: AGPL-3.0-or-later
import Policy

/// What is answered to one request.
public enum Decision: Sendable, Equatable {
  case accept
  case reject(Rejection)

  public var isAccept: Bool { self == .accept }
}

/// A decision and how it came about.
public struct Judgement: Sendable {
  public let decision: Decision
  /// The domain that owns the event; nil when nobody claims it, or it was refused before anybody could.
  public var owner: Domain?
  /// Something was committed for it.
  public var isWritten = false
  /// It waits for something that is missing.
  public internal(set) var isParked = false
  /// The event could not be judged; for the log.
  public var fault: Fault?
  /// What its effects tell the operator; for the log.
  public var diagnostics: [Diagnostic] = []

  init(_ decision: Decision, owner: Domain? = nil, isWritten: Bool = false, fault: Fault? = nil) {
    self.decision = decision
    self.owner = owner
    self.isWritten = isWritten
    self.fault = fault
  }

  /// A refusal without a judge: there is no usable configuration or state.
  public static func refused(_ rejection: Rejection) -> Judgement { Judgement(.reject(rejection)) }

  static func rejected(_ rejection: Rejection, owner: Domain? = nil) -> Judgement { Judgement(.reject(rejection), owner: owner) }

  /// A fault answers `error:` and changes nothing (architecture, law 4).
  static func faulted(_ error: any Error, owner: Domain? = nil) -> Judgement {
    let fault = (error as? Fault) ?? Fault(answer: "could not judge", detail: "\(error)")
    return Judgement(.reject(.error(fault.answer)), owner: owner, fault: fault)
  }
}
