#!/usr/bin/env python3
"""The main job from end to end, as a user at URL: a recurring task with a bell is created, rings, is completed; its next occurrence,
the log and a live client are looked at. One line for each: ok or FAILED, what, detail, with tabs between. Python's own library only.

    story.py URL
"""
import base64
import datetime as dt
import json
import os
import socket
import ssl
import struct
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

URL = sys.argv[1].rstrip("/")
LIMIT = 60      # seconds for anything to happen


def call(method, path, body=None, token=None):
    """The JSON answer; 503 is tried again, as its Retry-After asks."""
    headers = {"Content-Type": "application/json", "Idempotency-Key": uuid.uuid4().hex} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(URL + path, None if body is None else json.dumps(body).encode(), headers, method=method)
    for _ in range(10):
        try:
            with urllib.request.urlopen(request, timeout=15) as answer:
                text = answer.read()
                return json.loads(text) if text else None
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise RuntimeError(f"{method} {path}: {error.code} {error.read().decode()[:300]}") from None
            time.sleep(float(error.headers.get("Retry-After", 1)))
    raise RuntimeError(f"{method} {path}: 503 again and again")


class Live:
    """A WebSocket client (RFC 6455), as far as it takes to read what a server sends."""

    def __init__(self, token):
        parts = urllib.parse.urlsplit(URL)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        self.socket = socket.create_connection((parts.hostname, port), timeout=15)
        if parts.scheme == "https":
            self.socket = ssl.create_default_context().wrap_socket(self.socket, server_hostname=parts.hostname)
        self.file = self.socket.makefile("rb")
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall((f"GET /ws/tasks HTTP/1.1\r\nHost: {parts.netloc}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n").encode())
        status = self.file.readline().decode()
        while self.file.readline().strip():
            pass
        if " 101 " not in status:
            raise RuntimeError(f"no WebSocket: {status.strip()}")
        self.events = []
        self.send({"type": "auth", "token": token})
        self.read()

    def send(self, message, kind=0x1):
        payload, mask = json.dumps(message).encode() if kind == 0x1 else message, os.urandom(4)
        head = struct.pack("!BB", 0x80 | kind, 0x80 | len(payload)) if len(payload) < 126 else struct.pack("!BBH", 0x80 | kind, 0xFE, len(payload))
        self.socket.sendall(head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)))

    def read(self):
        """The next message as JSON; answers pings on the way."""
        while True:
            kind, length = self.file.read(2)
            if length == 126:
                length, = struct.unpack("!H", self.file.read(2))
            elif length == 127:
                length, = struct.unpack("!Q", self.file.read(8))
            payload = self.file.read(length)
            if kind & 15 == 0x9:
                self.send(payload, 0xA)
            elif kind & 15 == 0x8:
                raise RuntimeError(f"closed: {payload!r}")
            else:
                return json.loads(payload)

    def event(self, kind, matches=lambda event: True):
        end = time.monotonic() + LIMIT
        while True:
            for event in self.events:
                if event["type"] == kind and matches(event):
                    return event
            self.socket.settimeout(max(0.1, end - time.monotonic()))
            message = self.read()
            if "specversion" in message:
                self.events.append(message)


def step(what, action):
    try:
        detail = action()
    except (RuntimeError, OSError, KeyError, AssertionError) as error:
        print("FAILED", what, f"{type(error).__name__}: {error}".replace("\t", " ").replace("\n", " "), sep="\t", flush=True)
        raise SystemExit(0) from None
    print("ok", what, detail if isinstance(detail, str) else "", sep="\t", flush=True)
    return detail


def at(seconds):
    return (dt.datetime.now(dt.timezone.utc) + dt.timedelta(seconds=seconds)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def story():
    found = {"password": uuid.uuid4().hex}

    def sign_up():
        found["me"] = call("POST", "/api/auth/sign-up", {"name": "Validation", "email": f"validate-{uuid.uuid4().hex}@example.org",
                                                         "password": found["password"], "timezone": "Europe/Berlin"})
        found["token"] = found["me"]["token"]

    def connect():
        found["live"] = Live(found["token"])

    def create():
        found["todo"] = call("POST", "/api/todos", {"title": "Water the fern", "priority": "high", "tags": ["home"], "due_date": at(3600), "reminder_at": at(3),
                                                    "recurrence": {"rule": "daily"}}, found["token"])
        return f"task {found['todo']['id']}"

    def live_message():
        event = found["live"].event("task.created", lambda e: e["subject"] == str(found["todo"]["id"]))
        assert event["data"]["todo"] == found["todo"], "the message differs from the answer"

    def bell():
        event = found["live"].event("reminder.triggered")
        late = dt.datetime.fromisoformat(event["time"]) - dt.datetime.fromisoformat(found["todo"]["reminder_at"])
        assert late >= dt.timedelta(), "rang early"
        return f"{late.total_seconds():.2f} s after its time"

    def complete():
        call("POST", f"/api/todos/{found['todo']['id']}/complete", token=found["token"])

    def following():
        event = found["live"].event("task.created", lambda e: e["subject"] != str(found["todo"]["id"]))
        todo = event["data"]["todo"]
        assert todo["parent_task_id"] == found["todo"]["id"] and todo["title"] == found["todo"]["title"]
        return f"task {todo['id']}, due {todo['due_date']}"

    def log():
        expected = ["task.created", "reminder.triggered", "task.completed", "task.created"]
        end = time.monotonic() + LIMIT
        while True:
            entries = [e["event_type"] for e in call("GET", "/api/audit", token=found["token"])][::-1]
            if entries == expected:
                return ", ".join(entries)
            assert time.monotonic() < end, f"the log has {entries}"
            time.sleep(0.5)

    try:
        step("an account is made", sign_up)
        step("a live client connects", connect)
        step("a recurring task with a bell is created", create)
        step("the live client sees it", live_message)
        step("the bell rings", bell)
        step("it is completed", complete)
        step("the next occurrence appears", following)
        step("the audit log has all of it, in order", log)
    finally:
        if "token" in found:
            call("DELETE", "/api/auth/me", {"password": found["password"]}, found["token"])


story()
