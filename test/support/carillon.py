"""The real binary for tests: a server on free ports with a private folder, and clients that hold every answer to the documents."""
import contextlib
import itertools
import json
import os
import pathlib
import signal
import subprocess
import threading
import time
import urllib.parse
import uuid

import httpx
import psycopg
import websockets.sync.client
from websockets.exceptions import ConnectionClosed

from contract import CONTRACT, ROOT

BINARY = pathlib.Path(os.environ.get("CARILLON_TEST_BIN", ROOT / "build/release/carillon")).absolute()
PASSWORD = "a fern and a bell"
_users = itertools.count(1)


def wait_until(condition, timeout=10.0, what="the condition", pause=0.02):
    """The first true value of condition(), looked at every `pause` seconds; fails after `timeout` seconds."""
    deadline = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"waited {timeout} s for {what}"
        time.sleep(pause)


class Postgres:
    """A fresh database on the tests' private PostgreSQL, whose URL stands in the file CARILLON_TEST_POSTGRES_FILE."""

    def __init__(self, copied=None):
        """Empty, or as `copied`, another one that nobody is connected to, is now."""
        self._admin = pathlib.Path(os.environ["CARILLON_TEST_POSTGRES_FILE"]).read_text(encoding="utf-8").strip()
        self._name = "test_" + uuid.uuid4().hex[:12]
        template = f' TEMPLATE "{copied._name}"' if copied else ""
        with psycopg.connect(self._admin, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{self._name}"{template}')
        parts = urllib.parse.urlsplit(self._admin)
        self.url = urllib.parse.urlunsplit(parts._replace(path="/" + self._name))

    def drop(self):
        with psycopg.connect(self._admin, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{self._name}" WITH (FORCE)')


class Server:
    """`carillon serve` in `directory`. The database outlives stop() and kill(); the ports may differ after each start."""

    def __init__(self, directory, database_url=None, **settings):
        self.directory = pathlib.Path(directory)
        self.database_url = database_url or f"sqlite:{self.directory / 'carillon.db'}"
        self.log = self.directory / "log.jsonl"
        self._settings = {
            "LISTEN": "127.0.0.1:0", "MANAGEMENT_LISTEN": "127.0.0.1:0", "DATABASE_URL": self.database_url,
            "SIGN_UPS_PER_ADDRESS": "1000000", "SIGN_INS_PER_ADDRESS": "1000000",
            "SIGN_INS_PER_ACCOUNT": "1000000", **settings}
        self.outside = {}      # variables that are not CARILLON_*
        self.wrapper = []      # a program, with its arguments, that starts the server
        self._process = None

    @property
    def environment(self):
        """Of the server: none of the CARILLON_* variables around the tests."""
        clean = {k: v for k, v in os.environ.items() if not k.startswith("CARILLON_")}
        return clean | self.outside | {f"CARILLON_{k}": v for k, v in self._settings.items()}

    def launch(self):
        """Starts it and does not wait until it is ready."""
        self._seen = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            self._process = subprocess.Popen([*self.wrapper, BINARY, "serve"], cwd=self.directory, env=self.environment,
                                             stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        return self

    def start(self, timeout=20.0):
        return self.launch().wait_ready(timeout)

    def wait_ready(self, timeout=20.0):
        deadline = time.monotonic() + timeout
        while not (entry := self._ready_line()):
            assert self.running, f"the server ended with {self._process.returncode} before it was ready:\n{self.tail()}"
            assert time.monotonic() < deadline, f"not ready after {timeout} s:\n{self.tail()}"
            time.sleep(0.01)
        self.url = "http://" + entry["listen"]
        self.management = "http://" + entry["management"]
        self.address = entry["listen"]
        return self

    def _ready_line(self):
        with self.log.open("rb") as log:
            log.seek(self._seen)
            for line in log:
                if b'"ready"' in line and line.endswith(b"\n") and (entry := json.loads(line)).get("message") == "ready":
                    return entry
        return None

    @property
    def running(self):
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self):
        return self._process.pid

    def kill(self):
        """SIGKILL, as a crash; returns when the process is gone."""
        os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait(10)

    def stop(self):
        """SIGTERM, as an operator; the server must end by itself with 0."""
        if not self.running:
            return
        self._process.terminate()
        try:
            code = self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"SIGTERM did not end the server:\n{self.tail()}") from None
        assert code == 0, f"the server ended with {code}:\n{self.tail()}"

    def tail(self, lines=40):
        if not self.log.exists():
            return "(never started)"
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def command(self, *arguments, **options):
        """Runs `carillon ARGUMENTS` with this server's settings."""
        return subprocess.run([BINARY, *arguments], cwd=self.directory, env=self.environment, capture_output=True, text=True,
                              timeout=60, check=False, **options)


class Api:
    """HTTP client of one user (or of nobody). Every answer is checked against the document; a 5xx other than 503 fails."""

    def __init__(self, server, token=None, timeout=20.0):
        self.server = server
        self.token = token
        self.user = None
        self.email = None
        self.http = httpx.Client(base_url=server.url, timeout=timeout, trust_env=False)

    def close(self):
        self.http.close()

    def signed_up(self, name="Ada", timezone="Europe/Berlin"):
        self.email = f"user{next(_users)}.{uuid.uuid4().hex[:8]}@example.org"
        body = {"name": name, "email": self.email, "password": PASSWORD, "timezone": timezone}
        answer = self.post("/api/auth/sign-up", 201, json=body).json()
        self.token, self.user = answer["token"], answer["user"]
        self.http.cookies.clear()
        return self

    def again(self, server=None):
        """The same user on a server that was started anew, or at another replica."""
        other = Api(server or self.server, self.token)
        other.user, other.email = self.user, self.email
        return other

    def request(self, method, path, expect=None, *, json=None, content=None, headers=None, **options):
        """`json` is the body; `content` is one as bytes, sent as application/json unless `headers` say otherwise."""
        headers = dict(headers or {})
        if self.token and not any(k.lower() == "authorization" for k in headers):
            headers["Authorization"] = f"Bearer {self.token}"
        sent = json
        if json is not None:
            content = dumps(json)
        if content is not None and not any(k.lower() == "content-type" for k in headers):
            headers["Content-Type"] = "application/json"
        answer = self.http.request(method, path, content=content, headers=headers, **options)
        CONTRACT.check_response(method, answer.url.raw_path.decode(), answer.status_code, answer.headers, answer.content, sent)
        if expect is not None:
            allowed = expect if isinstance(expect, (tuple, set, list)) else (expect,)
            assert answer.status_code in allowed, f"{method} {path} → {answer.status_code}, not {expect}: {answer.text[:1000]}"
        return answer

    def get(self, path, expect=200, **options):
        return self.request("GET", path, expect, **options)

    def post(self, path, expect=200, **options):
        return self.request("POST", path, expect, **options)

    def patch(self, path, expect=200, **options):
        return self.request("PATCH", path, expect, **options)

    def put(self, path, expect=200, **options):
        return self.request("PUT", path, expect, **options)

    def delete(self, path, expect=204, **options):
        return self.request("DELETE", path, expect, **options)

    # --- what tests do again and again

    def todo(self, title="Water the fern", **fields):
        return self.post("/api/todos", 201, json={"title": title, **fields}).json()

    def all_todos(self, **query):
        """Every task, through the cursor."""
        items, query = [], {"limit": 100, **query}
        while True:
            page = self.get("/api/todos", params=query).json()
            items += page["items"]
            if not page["next_cursor"]:
                return items
            query["cursor"] = page["next_cursor"]

    def audit(self, **query):
        """The whole log, oldest first, through `Link`."""
        entries, path, params = [], "/api/audit", {"limit": 200, **query}
        while path:
            answer = self.get(path, params=params)
            entries += answer.json()
            path, params = answer.links.get("next", {}).get("url"), None
        return entries[::-1]

    def audit_when(self, count, timeout=10.0, **query):
        """The log, oldest first, as soon as it has `count` entries."""
        return wait_until(lambda: (found := self.audit(**query)) and len(found) >= count and found, timeout,
                          f"{count} audit entries of {query}")

    def live(self, **options):
        return Live(self.server, token=self.token, **options)


def dumps(value):
    """JSON as a client sends it; lone surrogates as `\\ud800`."""
    text = json.dumps(value, ensure_ascii=False)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return json.dumps(value).encode()


class Live:
    """WebSocket client of `/ws/tasks`; a thread collects and checks the messages."""

    def __init__(self, server, token=None, ticket=None, last_sequence=None, query=False):
        secret = {"token": token} if token else {"ticket": ticket}
        hello = secret | ({} if last_sequence is None else {"last_sequence": last_sequence})
        url = f"ws://{server.address}/ws/tasks"
        if query:
            url += "?" + urllib.parse.urlencode(hello)
        self._open = contextlib.ExitStack()
        self.socket = self._open.enter_context(
            websockets.sync.client.connect(url, open_timeout=10, ping_interval=None, max_size=None, proxy=None))
        if not query:
            self.socket.send(json.dumps({"type": "auth", **hello}))
        self.messages = []     # (monotonic seconds, message), as they came
        self.violations = []
        self.close_code = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._receive, daemon=True)
        self._thread.start()

    def _receive(self):
        try:
            for text in self.socket:
                arrived = time.monotonic()
                try:
                    message = CONTRACT.check_message(text)
                except AssertionError as violation:
                    self.violations.append(violation)
                    message = json.loads(text)
                with self._changed:
                    self.messages.append((arrived, message))
                    self._changed.notify_all()
        except ConnectionClosed:
            pass
        with self._changed:
            self.close_code = self.socket.close_code
            self._changed.notify_all()

    def _check(self):
        if self.violations:
            raise self.violations[0]

    @property
    def events(self):
        self._check()
        return [m for _, m in list(self.messages) if "specversion" in m]

    def wait(self, condition, timeout=10.0, what="a message"):
        """The first true value of condition(self)."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                self._check()
                value = condition(self)
                if value:
                    return value
                left = deadline - time.monotonic()
                assert left > 0, f"waited {timeout} s for {what}; closed: {self.close_code}; got {[m for _, m in self.messages][-5:]}"
                self._changed.wait(left)

    def wait_type(self, name, count=1, timeout=10.0):
        """The `count`-th message of that type."""
        return self.wait(lambda s: (found := [m for _, m in s.messages if m["type"] == name]) and len(found) >= count and
                         found[count - 1], timeout, f"{name} number {count}")

    def wait_event(self, name, task_id, timeout=10.0):
        return self.wait(lambda s: next((e for e in s.events if e["type"] == name and e["subject"] == str(task_id)), None),
                         timeout, f"{name} of task {task_id}")

    def wait_closed(self, timeout=10.0):
        return self.wait(lambda s: s.close_code, timeout, "the close")

    def ready(self):
        self.wait(lambda s: s.messages, what="ready or resumed")
        return self.messages[0][1]

    def close(self):
        self._open.close()
        self._thread.join(5)
        self._check()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
