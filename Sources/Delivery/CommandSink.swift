// SPDX-License-Identifier: AGPL-3.0-or-later
import Nostr

/// Feeds events to a command on stdin, one a line, one batch a run (`delivery.sink: "import"`), such as `["strfry", "import"]`.
///
/// A run that fails, hangs or stops reading early is tried again as a whole. `strfry import` exits with 0 even when it refuses an event, so a
/// confirmer tells which rows are delivered; without one, exit 0 means all of them.
public struct CommandSink: Sink {
  /// strfry's default maxEventSize: a longer line would end `strfry import`, and the rest of the batch with it.
  public static let standardEventBytes = 65_535

  private let command: ChildCommand
  private let confirmer: Confirmer?
  private let maxEventBytes: Int

  public init(arguments: [String], confirmer: Confirmer? = nil, timeoutSeconds: Int = 60, maxEventBytes: Int = CommandSink.standardEventBytes) {
    command = ChildCommand(arguments: arguments, timeoutSeconds: timeoutSeconds)
    self.confirmer = confirmer
    self.maxEventBytes = maxEventBytes
  }

  public func deliver(_ batch: [SignedRow]) -> [SinkOutcome] {
    let sent = batch.filter { $0.line.count <= maxEventBytes }
    if sent.isEmpty { return batch.map(tooLong) }
    let name = command.arguments.first ?? ""
    if let failure = command.run(input: sent.lines).failure {
      return batch.map { $0.line.count > maxEventBytes ? tooLong($0) : .retry("\(name): \(failure)") }
    }
    guard let confirmer else { return batch.map { $0.line.count > maxEventBytes ? tooLong($0) : .delivered } }
    let (found, failure) = confirmer.stored(sent.map(\.id))
    let replacements = Replacements(sent.filter { found.contains($0.id) })
    let missing = SinkOutcome.retry(failure.map { "delivery.confirm: \($0)" } ?? "\(name) took it, but delivery.confirm does not find it")
    return batch.map { row in
      if row.line.count > maxEventBytes { return tooLong(row) }
      return found.contains(row.id) || replacements.replace(row) ? .delivered : missing
    }
  }

  private func tooLong(_ row: SignedRow) -> SinkOutcome { .failed("the event has \(row.line.count) bytes, and strfry takes \(maxEventBytes)") }
}

/// The replaceable and addressable events of a batch that are stored: they take the place of older ones, which are then not found for a good
/// reason. Source: NIP-01.
private struct Replacements {
  private let newest: [Address: Event]

  init(_ stored: [SignedRow]) {
    var newest: [Address: Event] = [:]
    for row in stored {
      guard let event = try? Event(parsing: row.line), let place = Self.place(event) else { continue }
      if let other = newest[place], other.createdAt >= event.createdAt { continue }
      newest[place] = event
    }
    self.newest = newest
  }

  func replace(_ row: SignedRow) -> Bool {
    guard !newest.isEmpty, let event = try? Event(parsing: row.line), let place = Self.place(event), let other = newest[place] else { return false }
    return other.createdAt > event.createdAt || (other.createdAt == event.createdAt && other.id < event.id)
  }

  private static func place(_ event: Event) -> Address? {
    switch event.kindClass {
    case .addressable: event.address
    case .replaceable: Address(kind: event.kind, pubkey: event.pubkey, identifier: Text(""))
    case .regular, .ephemeral: nil
    }
  }
}
