// SPDX-License-Identifier: AGPL-3.0-or-later
import Configuration
import Glibc
import Plugin

/// `run`: the plugin. It never exits on a bad configuration or state: it answers `error:` and tries again each second.
enum RunCommand {
  static func run(_ arguments: Arguments) {
    guard ProcessLife.begin() else { return }
    let log = LogRenderer(Configuration.Log(level: .info, format: .text))
    let engine = PluginEngine(arguments, log)
    // Strfry starts us at its first event: what can be opened before the request is read is opened now.
    engine.begin()
    RequestLoop(input: STDIN_FILENO, output: STDOUT_FILENO, source: engine) { log.write($0) }.run()
  }
}
