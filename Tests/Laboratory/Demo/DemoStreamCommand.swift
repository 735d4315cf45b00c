// SPDX-License-Identifier: AGPL-3.0-or-later

/// `demo-stream`: the recorded stream of the demo, and the list of what it shows.
enum DemoStreamCommand: Subcommand {
  static let name = "demo-stream"
  static let summary = "the demo's request lines, the same byte for byte each time"
  static let help = """
    usage: laboratory demo-stream [--readme]

    Prints the request lines of plugin-config/examples/demo.jsonl, really signed with fixed test keys;
    with --readme the README.md beside it, which says what each line shows.

    example:
      laboratory demo-stream > plugin-config/examples/demo.jsonl
    """

  static func run(_ arguments: [String]) throws -> Bool {
    let options = try Options(arguments, values: [], flags: ["readme"])
    _ = try options.operands(0)
    let scenes = DemoStory().scenes
    guard options.has("readme") else {
      for scene in scenes { Output.line(scene.line) }
      return true
    }
    Output.line(preface)
    for (index, scene) in scenes.enumerated() { Output.line("\(index + 1). \(scene.shows)") }
    return true
  }

  private static let preface = """
    # Examples

    `demo.jsonl` is a stream of requests as strfry writes them to a write-policy plugin, one a line, really signed. `scripts/demo` judges it and
    prints each decision with its reason. The keys are test keys, made from their names: never use them.

        commonsguard replay plugin-config/examples/demo.jsonl

    Made by `laboratory demo-stream`; `scripts/demo --check` compares. What its lines show:

    """
}
