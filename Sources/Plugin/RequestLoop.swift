// SPDX-License-Identifier: AGPL-3.0-or-later
import Glibc
import Judgement
import Nostr
import Policy
import StateStore

/// The plugin's loop: one request line in, exactly one decision line out, in lock-step. Source: strfry protocol.
public final class RequestLoop {
  private let reader: LineReader
  private let writer: AnswerWriter
  private let source: any EngineSource
  private let diagnostics: @Sendable (Diagnostic) -> Void

  public init(input: Int32, output: Int32, source: any EngineSource, diagnostics: @escaping @Sendable (Diagnostic) -> Void) {
    reader = LineReader(descriptor: input)
    writer = AnswerWriter(descriptor: output)
    self.source = source
    self.diagnostics = diagnostics
  }

  /// Runs until end of file, or until nobody reads the decisions any more.
  public func run() {
    // What is refused before the first request is counted too.
    if case .ready(_, let counters) = source.engine(at: Clock.coarseSeconds()) { self.counters = counters }
    do {
      while true {
        switch reader.next() {
        case .line(let line): try answer(line)
        case .overlong(let beginning):
          let id = EventIDFinder.find(in: beginning)
          try writer.write(.reject(Self.tooLong), id: id.map { UnsafeRawBufferPointer(rebasing: beginning[$0]) })
          counters?.record(.rejected(.invalid), microseconds: 0)
        case .end: return
        }
      }
    } catch {
      diagnostics(Diagnostic(.info, "plugin.stdout-closed", "strfry no longer reads our decisions", fields: [.init("errno", error.code)]))
    }
  }

  private static let tooLong = Rejection.invalid("the request is longer than 32 MiB")

  private func answer(_ line: UnsafeRawBufferPointer) throws(AnswerWriter.Closed) {
    switch RequestParse.parse(line) {
    case .request(let request):
      let began = Clock.microseconds()
      let judgement = judge(request)
      try writer.write(judgement.decision, id: UnsafeRawBufferPointer(rebasing: line[request.event.idSlice]))
      if judgement.isWritten { source.noteWrite() }
      counters?.record(judgement.outcome, microseconds: Clock.microseconds() &- began)
    case .lookback:
      // strfry 0.9.0–0.9.4 wants no answer to it: the one line without.
      return
    case .unknownType(let id):
      try writer.write(.reject(.error("unknown request type")), id: id.map { UnsafeRawBufferPointer(rebasing: line[$0]) })
      counters?.record(.rejected(.error), microseconds: 0)
    case .invalid(let reason, let id):
      try writer.write(.reject(.invalid("\(reason)")), id: id.map { UnsafeRawBufferPointer(rebasing: line[$0]) })
      counters?.record(.rejected(.invalid), microseconds: 0)
    }
  }

  private var counters: CounterFile?
  private var faults = FaultLog()

  private func report(_ fault: Fault) {
    switch faults.news(fault.detail, at: Clock.coarseSeconds()) {
    case .said: return
    case .new: diagnostics(Diagnostic(.error, "plugin.fault", fault.detail))
    case .tooMany:
      diagnostics(Diagnostic(.error, "plugin.faults", "more faults, of more kinds than are shown: what comes in the next minutes is only counted"))
    }
  }

  private func judge(_ request: RequestSlices) -> Judgement {
    switch source.engine(at: Clock.coarseSeconds()) {
    case .unavailable(let rejection):
      counters = nil
      return .refused(rejection)
    case .ready(let judge, let counters):
      self.counters = counters
      let origin = judge.options.constellation.source(request.sourceType) { request.sourceInfo.map { request.text($0).string } }
      let circumstances = Circumstances(receivedAt: request.receivedAt ?? Clock.unixSeconds(), source: origin)
      let judgement = judge.judge(request.event, in: circumstances) { request.sourceInfo.map { request.text($0).string } ?? "" }
      if let fault = judgement.fault, !source.noteFault() { report(fault) }
      for diagnostic in judgement.diagnostics { diagnostics(diagnostic) }
      return judgement
    }
  }
}

extension Judgement {
  fileprivate var outcome: CounterFile.Outcome {
    if fault != nil { return .fault }
    switch decision {
    case .accept: return .accepted
    case .reject(let rejection): return .rejected(rejection.prefix)
    }
  }
}

/// The clocks of the loop. Validators have none: they are given `receivedAt`.
enum Clock {
  /// A monotonic clock, for latencies.
  static func microseconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(truncatingIfNeeded: time.tv_sec) &* 1_000_000 &+ UInt64(truncatingIfNeeded: time.tv_nsec) / 1000
  }

  /// A monotonic clock that costs next to nothing, for what is done once a second.
  static func coarseSeconds() -> Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC_COARSE, &time)
    return time.tv_sec
  }

  static func unixSeconds() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return UInt64(max(0, time.tv_sec))
  }
}
