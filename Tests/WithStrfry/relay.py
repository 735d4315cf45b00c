# SPDX-License-Identifier: AGPL-3.0-or-later
"""A strfry of its own, with the program as its plugin or without, in a folder of its own."""
import hashlib
import json
import os
import signal
import socket
import subprocess
import time

from websocket import Client

KINDS = [5, 7, 16, 1040, *range(1409, 1416), 1602, 1603, 1604, 1985, *range(4830, 4835), 9735, 9742, 30023, 30850, 30853, 30854, 30904, 31108]


class Failed(Exception):
    """A history did not come to what it should."""


def expect(condition, words):
    if not condition:
        raise Failed(words)


class Signer:
    """Signs with test keys, by the laboratory."""

    def __init__(self, laboratory):
        self.process = subprocess.Popen([laboratory, "sign"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.keys = {}

    def event(self, key, kind, tags, content="", at=None):
        said = {"key": key, "kind": kind, "created_at": int(time.time()) if at is None else int(at), "tags": tags, "content": content}
        self.process.stdin.write(json.dumps(said).encode() + b"\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def pubkey(self, key):
        if key not in self.keys:
            self.keys[key] = self.event(key, 1, [], at=1)["pubkey"]
        return self.keys[key]

    @staticmethod
    def secret(key):
        return hashlib.sha256(f"commonsguard test key {key}".encode()).hexdigest()

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Relay:
    """`program`: None for a relay without a plugin. `nodes`: public keys of the other nodes."""

    def __init__(self, name, folder, strfry, program=None, signer=None, nodes=(), more=None):
        self.name, self.folder, self.strfry, self.program = name, os.path.join(folder, name), strfry, program
        self.port = free_port()
        self.process = None
        self.router = None
        self.client = None
        os.makedirs(os.path.join(self.folder, "db"))
        self.log = open(os.path.join(self.folder, "log"), "ab")
        self.config = os.path.join(self.folder, "strfry.conf")
        self.settings = os.path.join(self.folder, "config.json5")
        self.plugin = f"exec {program} run --config {self.settings}" if program else ""
        if program:
            key = os.path.join(self.folder, "node.key")
            with open(os.open(key, os.O_WRONLY | os.O_CREAT, 0o600), "w") as file:
                file.write(signer.secret(name) + "\n")
            settings = {
                # No power fails here, and each commit would wait for the disk.
                "state": {"path": os.path.join(self.folder, "state"), "durability": "relaxed"},
                "node": {"publicKey": signer.pubkey(name), "secretKeyFile": key},
                # Relays on this machine come from 127.0.0.1, clients from another address.
                "relay": {"peers": ["127.0.0.1"], "peersPrivate": True},
                "crowdfunding": {"nodes": list(nodes)},
                "followUps": {"debounceSeconds": 0},
                "delivery": {
                    "sink": "import", "command": [strfry, f"--config={self.config}", "import", "--show-rejected"],
                    "confirm": [strfry, f"--config={self.config}", "scan"], "confirmAfterSeconds": 1,
                },
            }
            for section, members in (more or {}).items():
                settings.setdefault(section, {}).update(members)
            with open(self.settings, "w") as file:
                json.dump(settings, file, indent=1)
        self.configure()
        self.start()

    def configure(self, plugin=None):
        with open(self.config, "w") as file:
            file.write(
                f'db = "{self.folder}/db/"\nevents {{\n    maxEventSize = 65536\n}}\nrelay {{\n    bind = "127.0.0.1"\n    port = {self.port}\n'
                f'    nofiles = 0\n    info {{\n        name = "{self.name}"\n    }}\n'
                f'    writePolicy {{\n        plugin = "{self.plugin if plugin is None else plugin}"\n    }}\n}}\n')

    def command(self, *arguments):
        # --config= belongs before the subcommand.
        return [self.strfry, f"--config={self.config}", *arguments]

    def start(self):
        self.process = subprocess.Popen(self.command("relay"), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        limit = time.monotonic() + 10
        while self.client is None:
            try:
                self.client = Client(self.port)
            except OSError:
                expect(self.process.poll() is None, f"relay {self.name} ended with {self.process.returncode}")
                expect(time.monotonic() < limit, f"relay {self.name} does not listen")
                time.sleep(0.05)

    def stop(self, how=signal.SIGTERM):
        self.stop_router()
        if self.client:
            self.client.close()
            self.client = None
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def gone(self, seconds=10):
        """Waits until the relay was killed from elsewhere."""
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed(f"relay {self.name} lives on") from None
        self.client.close()
        self.client = None

    # Exchange

    def _exchange(self, other, direction):
        arguments = ["sync", f"ws://127.0.0.1:{other.port}", f"--dir={direction}", "--filter", json.dumps({"kinds": KINDS})]
        self.log.write(f"---- {self.name}: sync {direction} with {other.name}\n".encode())
        self.log.flush()
        done = subprocess.run(self.command(*arguments), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, timeout=300)
        expect(done.returncode == 0, f"sync of {self.name} with {other.name} ended with {done.returncode}")

    def pull(self, other):
        self._exchange(other, "down")

    def push(self, other):
        self._exchange(other, "up")

    def start_router(self, other):
        path = os.path.join(self.folder, "router.conf")
        with open(path, "w") as file:
            file.write(
                f'streams {{\n    other {{\n        dir = "down"\n        pluginDown = "{self.plugin}"\n'
                f'        filter = {json.dumps({"kinds": KINDS})}\n        urls = [ "ws://127.0.0.1:{other.port}" ]\n    }}\n}}\n')
        self.router = subprocess.Popen(
            self.command("router", path), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        time.sleep(1.5)
        expect(self.router.poll() is None, f"the router of {self.name} ended")

    def stop_router(self):
        if self.router and self.router.poll() is None:
            self.router.terminate()
            try:
                self.router.wait(10)
            except subprocess.TimeoutExpired:
                self.router.kill()
                self.router.wait()
        self.router = None

    # What is there

    def publish(self, *events):
        return self.client.publish(events)

    def accepts(self, *events):
        for event, (accepted, words) in zip(events, self.publish(*events)):
            expect(accepted, f"{self.name} refused kind {event['kind']} {event['id'][:8]}: {words}")

    def refuses(self, event, beginning):
        accepted, words = self.publish(event)[0]
        expect(not accepted and words.startswith(beginning), f"{self.name} answered kind {event['kind']} {accepted} {words!r}, not {beginning!r}")

    def stored(self, query):
        done = subprocess.run(self.command("scan", json.dumps(query)), cwd=self.folder, stdout=subprocess.PIPE, stderr=self.log, check=True)
        return [json.loads(line) for line in done.stdout.splitlines() if line]

    def has(self, event):
        return bool(self.stored({"ids": [event["id"]]}))

    def ask(self, *arguments):
        """What a command of the program prints as JSON."""
        return self.rows(*arguments)[0]

    def rows(self, *arguments):
        """Of a command that prints a list."""
        done = subprocess.run(
            [self.program, *arguments, "--json", "--config", self.settings], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log)
        expect(done.returncode == 0, f"{' '.join(arguments)} of {self.name} ended with {done.returncode}")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def run(self, *arguments):
        """A command of the program that prints nothing that is needed."""
        done = subprocess.run([self.program, *arguments, "--config", self.settings], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        expect(done.returncode == 0, f"{' '.join(arguments)} of {self.name} ended with {done.returncode}")

    def settle(self, seconds=30):
        """Waits until nothing is left to be delivered."""
        limit = time.monotonic() + seconds
        while True:
            # Beside the plugin's own worker, which only lives once an event came; whoever has the lease delivers.
            subprocess.run([self.program, "deliver", "--once", "--config", self.settings], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
            status = self.ask("status")
            if status["outbox"]["due"] + status["outbox"]["deferred"] == 0:
                return status
            expect(time.monotonic() < limit, f"{self.name} still has to deliver: {status['outbox']}")
            time.sleep(0.5)

    def digest(self):
        return self.ask("state", "digest")
