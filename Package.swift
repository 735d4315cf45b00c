// swift-tools-version: 6.2
// SPDX-License-Identifier: AGPL-3.0-or-later
//
// The floors, lowest first: a target imports only from lower floors (docs/architecture.md).
// Build with `--explicit-target-dependency-import-check error` (scripts/build does): an undeclared import of a sibling is then an error.
import PackageDescription

let strict: [SwiftSetting] = [.swiftLanguageMode(.v6), .treatAllWarnings(as: .error)]

func library(_ name: String, _ dependencies: [Target.Dependency], path: String? = nil) -> Target {
  .target(name: name, dependencies: dependencies, path: path ?? "Sources/\(name)", swiftSettings: strict)
}

func tests(of name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(
    name: "\(name)Tests", dependencies: [.target(name: name), "TestSupport"] + dependencies, path: "Tests/\(name)Tests", swiftSettings: strict)
}

/// libFuzzer brings its own main, so these are built by scripts/fuzz alone.
let onStage: [Target.Dependency] = ["Groups", "Nostr", "Policy", "StateStore", "Judgement", "TestSupport"]
let fuzzers: [(name: String, dependencies: [Target.Dependency])] = [
  ("LineFuzzer", ["Nostr"]),
  ("EventFuzzer", ["Nostr"]),
  ("CollectivesFuzzer", ["Nostr", "Policy", "Collectives", "StateStore", "Judgement", "TestSupport"]),
  ("GroupContentFuzzer", onStage),
  ("GroupTagsFuzzer", onStage),
  ("OTSFuzzer", ["Groups"]),
]
let fuzzTargets: [Target] =
  Context.environment["COMMONSGUARD_FUZZ"] == nil
  ? []
  : fuzzers.map { fuzzer in
    .executableTarget(name: fuzzer.name, dependencies: fuzzer.dependencies, path: "Tests/Fuzzing/\(fuzzer.name)", swiftSettings: strict)
  }

let package = Package(
  name: "commonsguard",
  products: [.executable(name: "commonsguard", targets: ["commonsguard"])],
  targets: [
    // Floor 0: the C libraries, each behind one module.
    .systemLibrary(name: "CLMDB", path: "Sources/CLMDB", pkgConfig: "lmdb", providers: [.apt(["liblmdb-dev"])]),
    .systemLibrary(name: "CSecp256k1", path: "Sources/CSecp256k1", pkgConfig: "libsecp256k1", providers: [.apt(["libsecp256k1-dev"])]),
    .systemLibrary(name: "CCrypto", path: "Sources/CCrypto", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CSystem", path: "Sources/CSystem"),
    // What may run in a signal handler, which Swift may not.
    .target(name: "CFaults", path: "Sources/CFaults"),
    library("LMDB", ["CLMDB", "CFaults", "CSystem"]),
    library("Cryptography", ["CSecp256k1", "CCrypto", "CSystem"]),
    // Floor 1
    library("Nostr", ["Cryptography"]),
    // Floor 2
    library("Policy", ["Nostr"]),
    // Floor 3
    library("Ledger", ["Nostr", "Policy"]),
    // Floor 4: the domains
    library("Crowdfunding", ["Nostr", "Policy", "Ledger"], path: "Sources/Domains/Crowdfunding"),
    library("Collectives", ["Cryptography", "Nostr", "Policy"], path: "Sources/Domains/Collectives"),
    library("Groups", ["Cryptography", "Nostr", "Policy"], path: "Sources/Domains/Groups"),
    // Floor 5
    library("StateStore", ["LMDB", "Cryptography", "Nostr", "Policy", "Ledger", "CSystem"]),
    // Floor 6
    library("Judgement", ["Nostr", "Policy", "StateStore"]),
    // Floor 7
    library("Plugin", ["CSystem", "Nostr", "Policy", "StateStore", "Judgement"]),
    library("Delivery", ["CSystem", "Cryptography", "Nostr", "Policy", "StateStore", "Judgement"]),
    library("Configuration", ["Cryptography", "Nostr", "Policy", "Crowdfunding", "Collectives", "Groups"]),
    // Floor 8
    .executableTarget(
      name: "commonsguard",
      dependencies: [
        "CFaults", "CSystem", "Cryptography", "Nostr", "Policy", "Ledger", "Crowdfunding", "Collectives", "Groups", "StateStore", "Judgement",
        "Plugin", "Delivery",
        "Configuration",
      ],
      path: "Sources/commonsguard", swiftSettings: strict),

    // Tests: one suite for each target, and what they share.
    .target(name: "TestSupport", dependencies: ["Cryptography", "Nostr"], path: "Tests/Support", swiftSettings: strict),
    // Several relays, modelled over the real judge, store and worker (docs/architecture.md).
    .target(
      name: "Constellation",
      dependencies: [
        "Nostr", "Policy", "Crowdfunding", "Collectives", "Groups", "StateStore", "Judgement", "Delivery", "TestSupport",
      ],
      path: "Tests/Constellation", swiftSettings: strict),
    tests(of: "Constellation", ["Nostr", "Delivery"]),
    tests(of: "LMDB", []),
    tests(of: "Cryptography", []),
    tests(of: "Nostr", ["Cryptography"]),
    tests(of: "Policy", ["Nostr"]),
    tests(of: "Ledger", ["Nostr", "Policy"]),
    tests(of: "StateStore", ["LMDB", "Nostr", "Policy"]),
    tests(of: "Crowdfunding", ["Nostr", "Policy", "Ledger", "StateStore", "Judgement"]),
    tests(of: "Collectives", ["Cryptography", "Nostr", "Policy", "StateStore", "Judgement"]),
    tests(of: "Judgement", ["Nostr", "Policy", "Crowdfunding", "StateStore"]),
    tests(of: "Plugin", ["Nostr", "Policy", "StateStore", "Judgement"]),
    tests(of: "Delivery", ["LMDB", "Cryptography", "Nostr", "Policy", "StateStore", "Judgement"]),
    tests(of: "Groups", ["Cryptography", "Nostr", "Policy", "StateStore", "Judgement"]),
    tests(of: "Configuration", ["Policy", "Crowdfunding", "Collectives", "Groups"]),
    // The built program, driven as strfry drives it.
    .testTarget(
      name: "EndToEndTests", dependencies: ["commonsguard", "TestSupport", "Cryptography", "Nostr", "Policy", "LMDB", "StateStore"],
      path: "Tests/EndToEndTests", swiftSettings: strict),
    // What the scripts measure and shake the program with: streams, scale, soak.
    .executableTarget(
      name: "laboratory",
      dependencies: [
        "TestSupport", "Constellation", "CSystem", "Cryptography", "Nostr", "Policy", "Ledger", "Crowdfunding", "Collectives", "Groups", "StateStore",
        "Judgement",
      ],
      path: "Tests/Laboratory", swiftSettings: strict),
  ] + fuzzTargets
)
