"""Many writes in flight at once, from one thread, on plain sockets: an HTTP client library would be slower than the server."""
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


class Connection:
    """A kept-alive connection with at most one call under way."""

    def __init__(self, address):
        host, port = address.split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.call = None
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


def send_once(address, call):
    """One call on a connection of its own; blocks for the answer."""
    connection = Connection(address)
    connection.send(call)
    while not connection.read():
        pass
    connection.socket.close()
    return call
