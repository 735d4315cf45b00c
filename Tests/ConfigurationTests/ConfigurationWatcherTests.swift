// SPDX-License-Identifier: AGPL-3.0-or-later
import Foundation
import Policy
import Testing

@testable import Configuration

@Suite("Configuration watcher")
struct ConfigurationWatcherTests {
  let folder: TemporaryFolder
  init() throws { folder = try TemporaryFolder() }

  private func level(_ outcome: ReloadOutcome) -> Diagnostic.Level? { if case .changed(let new) = outcome { new.log.level } else { nil } }
  private func faults(_ outcome: ReloadOutcome) -> Int? { if case .failed(let errors) = outcome { errors.count } else { nil } }

  @Test("a change is taken once, a second later at the earliest")
  func change() throws {
    let path = try folder.write("{}", to: "c.json5")
    let watcher = ConfigurationWatcher(.file(path), environment: [:])
    #expect(watcher.current == nil)
    #expect(level(watcher.reloadIfChanged(now: 1)) == .info)
    try folder.write("{log: {level: 'debug'}}", to: "c.json5")
    #expect(watcher.reloadIfChanged(now: 1) == .unchanged)
    #expect(level(watcher.reloadIfChanged(now: 2)) == .debug)
    #expect(watcher.reloadIfChanged(now: 3) == .unchanged)
  }

  @Test("a wrong file leaves the last good configuration in force and is reported once for each change")
  func lastGoodStays() throws {
    let path = try folder.write("{log: {level: 'debug'}}", to: "c.json5")
    let watcher = ConfigurationWatcher(.file(path), environment: [:])
    #expect(level(watcher.reloadIfChanged(now: 1)) == .debug)
    try folder.write("{log: {level: 'loud'}}", to: "c.json5")
    #expect(faults(watcher.reloadIfChanged(now: 2)) == 1)
    #expect(watcher.reloadIfChanged(now: 3) == .unchanged)
    #expect(watcher.current?.log.level == .debug)
    try folder.write("{log: {level: 'loud', format: 'pink'}}", to: "c.json5")
    #expect(faults(watcher.reloadIfChanged(now: 4)) == 2)
    try FileManager.default.removeItem(atPath: path)
    #expect(faults(watcher.reloadIfChanged(now: 5)) == 1)
    #expect(watcher.current?.log.level == .debug)
    try folder.write("{log: {level: 'error'}}", to: "c.json5")
    #expect(level(watcher.reloadIfChanged(now: 6)) == .error)
    #expect(watcher.reloadIfChanged(now: 7) == .unchanged)
  }

  @Test("a wrong file at the start is tried again until it is right")
  func neverGood() throws {
    let watcher = ConfigurationWatcher(.file("\(folder.path)/c.json5"), environment: [:])
    #expect(faults(watcher.reloadIfChanged(now: 1)) == 1)
    #expect(watcher.reloadIfChanged(now: 2) == .unchanged)
    #expect(watcher.current == nil)
    try folder.write("{}", to: "c.json5")
    #expect(level(watcher.reloadIfChanged(now: 3)) == .info)
  }

  @Test("a fault that lies in another file is seen mended without a change of this one")
  func mendedElsewhere() throws {
    let path = try folder.write("{crowdfunding: {umaps: 'k'}}", to: "c.json5")
    try folder.write("x", to: "k")
    let watcher = ConfigurationWatcher(.file(path), environment: [:])
    #expect(faults(watcher.reloadIfChanged(now: 1)) == 1)
    try folder.write(someKey, to: "k")
    #expect(level(watcher.reloadIfChanged(now: 2)) == .info)
  }

  @Test("a changed list of map cells is read again")
  func umaps() throws {
    let path = try folder.write("{crowdfunding: {umaps: 'u'}}", to: "c.json5")
    try folder.write("", to: "u")
    let watcher = ConfigurationWatcher(.file(path), environment: [:])
    #expect(level(watcher.reloadIfChanged(now: 1)) == .info)
    #expect(watcher.current?.crowdfunding.umaps?.count == 0)
    #expect(watcher.reloadIfChanged(now: 2) == .unchanged)
    try folder.write(someKey + "\n", to: "u")
    #expect(level(watcher.reloadIfChanged(now: 3)) == .info)
    #expect(watcher.current?.crowdfunding.umaps?.count == 1)
    try folder.write("x\n", to: "u")
    #expect(faults(watcher.reloadIfChanged(now: 4)) == 1)
    #expect(watcher.current?.crowdfunding.umaps?.count == 1)
  }

  @Test("with built-in defaults, a file that appears in the usual place is used")
  func appears() throws {
    let usual = "\(folder.path)/usual.json5"
    let watcher = ConfigurationWatcher(.builtIn, environment: [:], usualPath: usual)
    #expect(level(watcher.reloadIfChanged(now: 1)) == .info)
    #expect(watcher.reloadIfChanged(now: 2) == .unchanged)
    try folder.write("{log: {level: 'warning'}}", to: "usual.json5")
    #expect(level(watcher.reloadIfChanged(now: 3)) == .warning)
  }
}
