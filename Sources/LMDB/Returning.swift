// SPDX-License-Identifier: AGPL-3.0-or-later

/// What a body returns that is run by code which is not generic: generic code of another module asks the runtime for types, each time (decisions/0007).
///
/// - Parameter run: calls what it is given with the body's result, at least once when it returns; of several results the last one counts.
@inlinable
public func returning<R>(_ run: (_ take: (consuming R) -> Void) throws -> Void) throws -> R {
  var result: R?
  try run { result = $0 }
  guard let result else { preconditionFailure("a body that ran returned nothing") }
  return result
}
