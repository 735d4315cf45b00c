// SPDX-License-Identifier: AGPL-3.0-or-later
import Judgement
import Policy
import StateStore

/// What judges requests at the moment.
public enum Engine {
  case ready(Judge, CounterFile?)
  /// No usable configuration or state: the plugin stays, and answers this.
  case unavailable(Rejection)

  public static let notConfigured = Rejection.error("not configured")
  public static let stateUnavailable = Rejection.error("state unavailable")
}

/// Gives the engine of the moment: it opens what can be opened, and looks for a changed configuration.
public protocol EngineSource: AnyObject {
  /// Called for every event; has to be cheap when nothing changed.
  /// - Parameter seconds: a monotonic clock, in whole seconds.
  func engine(at seconds: Int) -> Engine

  /// Something was committed, and answered: there may be work for the delivery worker. At most one write(2), and no lock.
  func noteWrite()

  /// An event could not be judged: there may be something wrong with the state. Returns true when that was found, and said, here.
  func noteFault() -> Bool
}
