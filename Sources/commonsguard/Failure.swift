// SPDX-License-Identifier: AGPL-3.0-or-later
import Configuration
import Judgement
import Policy
import StateStore

/// A command that ends: what is told to the operator, and the exit status.
struct Failure: Error {
  let status: ExitStatus
  let message: String

  init(_ status: ExitStatus, _ message: String) {
    self.status = status
    self.message = message
  }

  /// What any error means to the operator.
  init(_ error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let errors as ConfigurationErrors: self.init(.configuration, errors.description)
    case let error as StoreError: self.init(.state, error.description)
    case let fault as Fault: self.init(.state, fault.detail)
    case let rejection as Rejection: self.init(.failed, rejection.message)
    default: self.init(.failed, "\(error)")
    }
  }
}
