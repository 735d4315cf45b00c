# SPDX-License-Identifier: AGPL-3.0-or-later
"""A client of a relay: plain websocket, no extensions."""
import base64
import json
import os
import socket
import struct
import time


class Closed(Exception):
    """The relay went away."""


class Client:
    def __init__(self, port, address="127.0.0.2"):
        """`address`: where it seems to come from, so that relays on this machine are told from their clients."""
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10, source_address=(address, 0))
        self.buffer = b""
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode())
        while b"\r\n\r\n" not in self.buffer:
            self._receive()
        self.buffer = self.buffer.split(b"\r\n\r\n", 1)[1]

    def close(self):
        self.socket.close()

    def _receive(self):
        try:
            more = self.socket.recv(1 << 16)
        except ConnectionError:
            more = b""
        if not more:
            raise Closed()
        self.buffer += more

    def _take(self, count):
        while len(self.buffer) < count:
            self._receive()
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def _send(self, opcode, data):
        mask = os.urandom(4)
        length = len(data)
        if length < 126:
            head = struct.pack(">BB", 0x80 | opcode, 0x80 | length)
        elif length < 1 << 16:
            head = struct.pack(">BBH", 0x80 | opcode, 0x80 | 126, length)
        else:
            head = struct.pack(">BBQ", 0x80 | opcode, 0x80 | 127, length)
        masked = (int.from_bytes(data, "big") ^ int.from_bytes((mask * (length // 4 + 1))[:length], "big")).to_bytes(length, "big")
        self.socket.sendall(head + mask + masked)

    def send(self, message):
        self._send(1, json.dumps(message, separators=(",", ":"), ensure_ascii=False).encode())

    def message(self, seconds=10.0):
        """The next message; None when none comes in time."""
        limit = time.monotonic() + seconds
        whole = b""
        while True:
            self.socket.settimeout(max(0.01, limit - time.monotonic()))
            try:
                while len(self.buffer) < 2:
                    self._receive()
            except TimeoutError:
                return None
            self.socket.settimeout(10)
            first, second = self._take(2)
            length = second & 127
            if length == 126:
                length = struct.unpack(">H", self._take(2))[0]
            elif length == 127:
                length = struct.unpack(">Q", self._take(8))[0]
            data = self._take(length)
            opcode = first & 15
            if opcode == 9:
                self._send(10, data)
            elif opcode == 8:
                raise Closed()
            elif opcode in (0, 1):
                whole += data
                if first & 0x80:
                    return json.loads(whole)

    def publish(self, events, seconds=60.0):
        """Publishes events in order, some ahead of their answers. Returns (accepted, message) for each."""
        answers = {}
        waiting = []
        for event in events:
            self.send(["EVENT", event])
            waiting.append(event["id"])
            if len(waiting) - len(answers) >= 100:
                self._answer(answers, seconds)
        while len(answers) < len(set(waiting)):
            self._answer(answers, seconds)
        return [answers[id] for id in waiting]

    def _answer(self, answers, seconds):
        message = self.message(seconds)
        if message is None:
            raise TimeoutError("no OK came")
        if message[0] == "OK":
            answers[message[1]] = (message[2], message[3])

    def await_event(self, query, seconds=10.0):
        """The first event, stored or new, that the filter takes; None when none comes in time."""
        self.send(["REQ", "await", query])
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            message = self.message(limit - time.monotonic())
            if message and message[0] == "EVENT" and message[1] == "await":
                self.send(["CLOSE", "await"])
                return message[2]
        return None
