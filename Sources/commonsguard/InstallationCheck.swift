// SPDX-License-Identifier: AGPL-3.0-or-later
import Configuration
import Cryptography
import Glibc
import Nostr
import StateStore

/// What lies outside the configuration and has to fit it: the key, the sink, the headers, the state.
struct InstallationCheck {
  /// One thing that does not fit, in words that say what to do.
  struct Finding {
    /// `run` would refuse, or follow-ups are impossible; else something is lost that need not be.
    let isError: Bool
    let key: String
    let message: String
  }

  private let configuration: Configuration
  private var findings: [Finding] = []
  /// Who will read and write it all: whoever owns the state, and as long as there is none, whoever asks.
  private let relayUser: uid_t

  static func findings(_ configuration: Configuration) -> [Finding] {
    var check = InstallationCheck(configuration)
    check.checkState()
    check.checkRelayFile()
    check.checkKey()
    check.checkSink()
    check.checkHeaders()
    for finding in ConstellationNote.findings(configuration) { check.add(finding.key, finding.message, isError: false) }
    return check.findings
  }

  private init(_ configuration: Configuration) {
    self.configuration = configuration
    relayUser = Self.facts(configuration.state.path)?.st_uid ?? geteuid()
  }

  private mutating func add(_ key: String, _ message: String, isError: Bool = true) {
    findings.append(Finding(isError: isError, key: key, message: message))
  }

  // MARK: The state

  private mutating func checkState() {
    let path = configuration.state.path
    guard let facts = Self.facts(path) else {
      if errno != ENOENT { return add("state.path", "\(path) cannot be looked at: \(Self.words(errno))") }
      return checkParent(of: path)
    }
    guard facts.st_mode & S_IFMT == S_IFDIR else { return add("state.path", "\(path) is no folder") }
    if relayUser == geteuid(), access(path, W_OK | X_OK) != 0 { return add("state.path", "\(path) cannot be written: \(Self.words(errno))") }
    let store: StateStore
    do {
      store = try StateStore(Installation.storeOptions(configuration, isReadOnly: true))
    } catch StoreError.missing {
      return
    } catch StoreError.olderSchema {
      // The plugin brings it up to date when it starts.
      return
    } catch {
      return add("state.path", Failure(error).message)
    }
    do { try GroupKindsNote.check(configuration, store, isReadOnly: true) } catch {
      let message = Failure(error).message
      add("groups.kinds", message.hasPrefix("groups.kinds: ") ? String(message.dropFirst("groups.kinds: ".count)) : message)
    }
  }

  /// The state's folder is made at the first start: something above it has to be there and let it.
  private mutating func checkParent(of path: String) {
    var parent = path
    repeat {
      parent = parent.lastIndex(of: "/").map { String(parent[..<$0]) } ?? ""
      if parent.isEmpty { parent = "/" }
    } while Self.facts(parent) == nil && errno == ENOENT && parent != "/"
    guard let facts = Self.facts(parent) else { return add("state.path", "\(parent) cannot be looked at: \(Self.words(errno))") }
    if facts.st_mode & S_IFMT != S_IFDIR { return add("state.path", "\(path) cannot be made: \(parent) is no folder") }
    if access(parent, W_OK | X_OK) != 0 {
      add("state.path", "\(path) is not there and cannot be made in \(parent): \(Self.words(errno)); make it, owned by the user that runs the relay")
    }
  }

  // MARK: strfry.conf

  private mutating func checkRelayFile() {
    guard let path = configuration.relayConfigFile else { return }
    do {
      if try StrfryConfiguration(path: path).maxEventSize == nil {
        add("relay.configFile", "\(path) says no events.maxEventSize: relay.maxEventBytes counts alone", isError: false)
      }
    } catch {
      add("relay.configFile", "\(error): relay.maxEventBytes counts alone", isError: false)
    }
  }

  // MARK: The key

  private mutating func checkKey() {
    let delivers = configuration.delivery.sink != .none
    guard let publicKey = configuration.node.publicKey else {
      if delivers { add("node.publicKey", "is not set: no receipts, labels or snapshots are made, so the sink gets next to nothing", isError: false) }
      return
    }
    let key = "node.secretKeyFile"
    guard let path = configuration.node.secretKeyFile else {
      return add(key, "must be set: what this node says cannot be signed", isError: delivers)
    }
    guard let facts = Self.facts(path) else {
      let why =
        errno == ENOENT ? "does not exist: put the secret there (nsec1… or hex, one line, mode 0600)" : "cannot be looked at: \(Self.words(errno))"
      return add(key, "\(path) \(why)", isError: delivers)
    }
    if let problem = configuration.keyFileProblem { return add(key, problem.message) }
    if facts.st_uid != relayUser, relayUser != 0 {
      let (owner, user) = (UserName.of(facts.st_uid), UserName.of(relayUser))
      return add(key, "\(path) belongs to \(owner), and \(user), who owns the state, cannot read it: chown \(user) \(path)", isError: delivers)
    }
    if geteuid() != 0, facts.st_uid != geteuid() {
      return add(key, "\(path) can be looked into by \(UserName.of(facts.st_uid)) alone: ask again as that user", isError: false)
    }
    do {
      var secret = try SecretKeyFile.read(path, as: relayUser)
      defer { for index in secret.indices { secret[index] = 0 } }
      let found = PublicKey(try SigningKey(secret: secret).publicKey)
      if found != publicKey { add(key, "\(path) holds the secret of \(found.hex), not of node.publicKey", isError: delivers) }
    } catch {
      add(key, error is CryptographyError ? "\(path) does not hold a secret key: the number is out of range" : "\(error)", isError: delivers)
    }
  }

  // MARK: The sink

  private mutating func checkSink() {
    switch configuration.delivery.sink {
    case .none: return
    case .file(let path): checkFile(path)
    case .command(let command):
      checkCommand("delivery.command", command)
      if !configuration.delivery.confirm.isEmpty { checkCommand("delivery.confirm", configuration.delivery.confirm) }
    }
  }

  private mutating func checkFile(_ path: String) {
    if let facts = Self.facts(path) {
      if facts.st_mode & S_IFMT == S_IFDIR { return add("delivery.file", "\(path) is a folder") }
      if relayUser == geteuid(), access(path, W_OK) != 0 { add("delivery.file", "\(path) cannot be written: \(Self.words(errno))") }
      return
    }
    let folder = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    guard let facts = Self.facts(folder) else { return add("delivery.file", "its folder \(folder) cannot be used: \(Self.words(errno))") }
    if facts.st_mode & S_IFMT != S_IFDIR { return add("delivery.file", "\(folder) is no folder") }
    if relayUser == geteuid(), access(folder, W_OK | X_OK) != 0 {
      add("delivery.file", "its folder \(folder) cannot be written: \(Self.words(errno))")
    }
  }

  private mutating func checkCommand(_ key: String, _ command: [String]) {
    guard let program = command.first else { return }
    if program.contains("/") {
      guard let facts = Self.facts(program) else { return add(key, "\(program) cannot be run: \(Self.words(errno))") }
      if facts.st_mode & S_IFMT != S_IFREG || access(program, X_OK) != 0 { add(key, "\(program) is no program that can be run") }
      return
    }
    let folders = (Installation.environment["PATH"] ?? "/bin:/usr/bin").split(separator: ":")
    if !folders.contains(where: { access("\($0)/\(program)", X_OK) == 0 }) {
      add(key, "no folder of $PATH holds a program \(program): write its full path")
    }
  }

  // MARK: Headers

  private mutating func checkHeaders() {
    guard let path = configuration.groups.headersFile else { return }
    let lost = "no time stamp can be verified, and no block hash is checked"
    guard let facts = Self.facts(path) else {
      return add("groups.headersFile", "\(path) cannot be read: \(Self.words(errno)); until then \(lost)", isError: false)
    }
    if facts.st_mode & S_IFMT != S_IFREG || access(path, R_OK) != 0 {
      return add("groups.headersFile", "\(path) cannot be read; until then \(lost)", isError: false)
    }
    if facts.st_size < 80 || facts.st_size % 80 != 0 {
      add("groups.headersFile", "\(path) is no row of block headers of 80 bytes each: it has \(facts.st_size) bytes", isError: false)
    }
  }

  // MARK: Words

  /// nil where there is nothing, or nothing that may be looked at; errno says which.
  private static func facts(_ path: String) -> stat? {
    var facts = stat()
    return stat(path, &facts) == 0 ? facts : nil
  }

  private static func words(_ code: Int32) -> String { String(cString: strerror(code)) }
}
