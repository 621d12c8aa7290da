"""A live client as an app is one: it connects again whenever it is cut off, and goes on behind the last event it has."""
import json
import threading
import time

import websockets.sync.client
from websockets.exceptions import WebSocketException

TAIL_AFTER = 3.0     # seconds after a head that names more than has come


class Follower(threading.Thread):
    """Follows the events of one user through `address` until stop(). What it notes: `ids` in the order they came, `reloads`
    (how often it was told to load everything anew), `reconnects`, `wrong` (what must never happen)."""

    def __init__(self, token, address):
        super().__init__(daemon=True)
        self._token, self._address = token, address
        self._ended = threading.Event()
        self.last = 0
        self.ids, self.wrong = [], []
        self.reloads = self.reconnects = 0
        self._head, self._head_at = 0, 0.0
        self.start()

    def run(self):
        while not self._ended.is_set():
            try:
                self._follow()
            except (OSError, TimeoutError, WebSocketException):
                pass
            self.reconnects += 1
            self._ended.wait(0.2)

    def _follow(self):
        with websockets.sync.client.connect(f"ws://{self._address}/ws/tasks", open_timeout=10, close_timeout=1, ping_interval=None,
                                            max_size=None, proxy=None, compression=None) as socket:
            socket.send(json.dumps({"type": "auth", "token": self._token, "last_sequence": self.last}))
            self._head = 0
            while not self._ended.is_set():
                try:
                    self._take(json.loads(socket.recv(timeout=0.5)))
                except TimeoutError:
                    pass
                if self._head > self.last and time.monotonic() - self._head_at > TAIL_AFTER:
                    return          # a tail was lost: connect again, which recovers it

    def _take(self, message):
        if "specversion" in message:
            sequence = int(message["sequence"])
            if sequence != self.last + 1:
                self.wrong.append(f"event {sequence} after {self.last}")
            self.last = sequence
            self.ids.append(message["id"])
        elif message["type"] == "resumed" and not message["recovered"]:
            self.reloads += 1
            self.last = message["sequence"]
        elif message["type"] == "head":
            self._head, self._head_at = message["sequence"], time.monotonic()

    def stop(self):
        self._ended.set()
        self.join(15)
