"""Many writes in flight at once, from one thread, on plain sockets: an HTTP client library would be slower than the server."""
import collections
import heapq
import itertools
import json
import selectors
import socket
import time
import uuid


class Call:
    """One unsafe request with its Idempotency-Key; the very same bytes are sent again when its answer was lost."""

    def __init__(self, kind, method, path, token, body=None, **facts):
        self.kind = kind
        self.facts = facts
        self.key = uuid.uuid4().hex
        payload = b"" if body is None else json.dumps(body).encode()
        queued = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.bytes = (f"{method} {path} HTTP/1.1\r\nHost: carillon\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
                      f"Idempotency-Key: {self.key}\r\nQueued-At: {queued}\r\nContent-Length: {len(payload)}\r\n\r\n").encode() + payload
        self.sent_at = None
        self.status = None
        self.answer = None
        self.replayed = False
        self.retry_after = None


class Connection:
    """A kept-alive connection with at most one call under way."""

    def __init__(self, address):
        host, port = address.split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.call = None
        self.is_last = False       # the server said that it closes behind this answer
        self._received = b""

    def send(self, call):
        self.call = call
        call.sent_at = time.time()
        self.socket.sendall(call.bytes)

    def read(self):
        """The call whose answer is now complete, or None. Raises ConnectionError when the server is gone."""
        chunk = self.socket.recv(1 << 16)
        if not chunk:
            raise ConnectionError("closed")
        self._received += chunk
        head, found, rest = self._received.partition(b"\r\n\r\n")
        if not found:
            return None
        headers = {k.strip().lower(): v.strip() for k, _, v in (line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:])}
        length = int(headers.get("content-length", 0))
        if len(rest) < length:
            return None
        call, self.call, self._received = self.call, None, b""
        call.status = int(head.split(b" ", 2)[1])
        call.replayed = headers.get("idempotency-replayed") == "true"
        call.retry_after = headers.get("retry-after")
        self.is_last = headers.get("connection", "").lower() == "close"
        call.answer = json.loads(rest[:length]) if length else None
        return call


def drive(address, clients, until, on_answer):
    """Keeps one call of each client in flight (client.next_call()) until `until(connections)` is true, then returns the calls
    in flight at that moment that were never answered. `until` may kill the server: what had been answered is still read."""
    selector = selectors.DefaultSelector()
    pairs = []
    for client in clients:
        connection = Connection(address)
        selector.register(connection.socket, selectors.EVENT_READ, (client, connection))
        connection.send(client.next_call())
        pairs.append((client, connection))
    while not until(pairs):
        for key, _ in selector.select(0.002):
            client, connection = key.data
            call = connection.read()
            if call:
                on_answer(client, call)
                connection.send(client.next_call())
    lost = []
    for client, connection in pairs:
        call = connection.call
        try:
            while connection.call:
                done = connection.read()
                if done:
                    on_answer(client, done)
        except (ConnectionError, TimeoutError):
            lost.append((client, call))
        connection.socket.close()
    selector.close()
    return lost


def send_again(address, call):
    """A call in doubt, with its key, on a connection of its own; blocks for the answer. PostgreSQL may still be at the first one, for a
    server that is dead: 409 until it has seen that."""
    deadline = time.monotonic() + 15
    while True:
        connection = Connection(address)
        connection.send(call)
        while not connection.read():
            pass
        connection.socket.close()
        if call.status != 409 or time.monotonic() > deadline:
            return call
        time.sleep(0.1)


class Tally:
    """What the clients of steady() saw."""

    def __init__(self):
        self.answered = 0
        self.refused = collections.Counter()   # by status, or "lost" for a connection that ended or hung before its answer; a 503 that
                                               # does not say when to come again as "503 without Retry-After"
        self.seconds = 0.0
        self.slowest = 0.0                     # seconds from the first try of a call to its answer

    @property
    def rate(self):
        return self.answered / self.seconds

    def __str__(self):
        return f"{self.answered} changes in {self.seconds:.1f} s ({self.rate:.0f}/s), slowest {self.slowest:.2f} s, refused {dict(self.refused)}"


AGAIN_AFTER = 0.2     # seconds
HUNG_AFTER = 30.0


class _Steady:
    """See steady()."""

    def __init__(self, address, clients, on_answer):
        self.address, self.on_answer = address, on_answer
        self.idle = collections.deque(clients)
        self.tally = Tally()
        self.selector = selectors.DefaultSelector()
        self.connections = {}                  # client → its open connection
        self.started = {}                      # client → (call, monotonic seconds of its first and of its last try)
        self.again = []                        # (when, number, client) of calls to be sent once more
        self.numbers = itertools.count()

    def send(self, client):
        call, first, _ = self.started[client]
        self.started[client] = (call, first, time.monotonic())
        try:
            connection = self.connections.get(client)
            if not connection:
                connection = self.connections[client] = Connection(self.address)
                self.selector.register(connection.socket, selectors.EVENT_READ, client)
            connection.send(call)
        except OSError:
            self.lose(client)

    def lose(self, client):
        """The connection is of no use any more; a call under way is sent again."""
        connection = self.connections.pop(client, None)
        if connection:
            self.selector.unregister(connection.socket)
            connection.socket.close()
        if client in self.started:
            self.refuse(client, "lost")

    def refuse(self, client, why):
        self.tally.refused[why] += 1
        heapq.heappush(self.again, (time.monotonic() + AGAIN_AFTER, next(self.numbers), client))

    def read(self, client):
        try:
            call = self.connections[client].read()
        except OSError:
            self.lose(client)
            return
        if not call:
            return
        if self.connections[client].is_last:
            connection = self.connections.pop(client)
            self.selector.unregister(connection.socket)
            connection.socket.close()
        if call.status >= 500:
            self.refuse(client, "503 without Retry-After" if call.status == 503 and not call.retry_after else call.status)
            return
        _, first, _ = self.started.pop(client)
        self.tally.answered += 1
        self.tally.slowest = max(self.tally.slowest, time.monotonic() - first)
        self.on_answer(client, call)
        self.idle.append(client)

    def turn(self):
        """Sends what is due again, reads what has come."""
        while self.again and self.again[0][0] <= time.monotonic():
            self.send(heapq.heappop(self.again)[2])
        for key, _ in self.selector.select(0.002):
            self.read(key.data)
        waiting = {client for _, _, client in self.again}
        for client in [c for c, (_, _, last) in self.started.items() if last < time.monotonic() - HUNG_AFTER and c not in waiting]:
            self.lose(client)

    def offer(self):
        client = self.idle.popleft()
        now = time.monotonic()
        self.started[client] = (client.next_call(), now, now)
        self.send(client)


def steady(address, clients, rate, until, on_answer):
    """Writes `rate` a second, of each client one at a time, until `until()` is true; each is sent again, as the same bytes, until
    it has an answer below 500, whatever happens to the server. Returns the Tally when all have theirs."""
    run = _Steady(address, clients, on_answer)
    began = turn_at = time.monotonic()
    while not until():
        now = time.monotonic()
        if now >= turn_at and run.idle:
            run.offer()
            turn_at = max(turn_at + 1 / rate, now - 0.5)
        run.turn()
    run.tally.seconds = time.monotonic() - began
    while run.started:
        run.turn()
    for connection in run.connections.values():
        connection.socket.close()
    run.selector.close()
    return run.tally
