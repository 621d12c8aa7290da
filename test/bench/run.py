"""make bench: Carillon's figures as ratios to limits measured in turns in the same run, with the same flags: bare Beast and bare SQLite.

bench/run.py [--tasks N] [--rounds N] [--seconds S] [--sockets N]
"""
import argparse
import contextlib
import json
import os
import pathlib
import re
import resource
import shutil
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/release"
IDS = 1000  # as many ids and queries rotate, so that no answer cache is what is measured
WORDS = ["rent", "ferns", "taxes", "milk", "plumber", "letters", "garden", "report", "tickets", "library"]
TAGS = ["home", "work", "errands", "calls", "email", "finance", "health", "family", "travel", "reading",
        "someday", "waiting", "urgent", "kids", "car", "books", "music", "garden", "repairs", "clients"]
GROUP = 32


def call(url, method="GET", body=None, token=None):
    headers = {"Content-Type": "application/json"} if body is not None else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = json.dumps(body).encode() if body is not None else None
    with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=60) as answer:
        return json.loads(answer.read() or "null")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Carillon:
    def __init__(self, folder, name):
        self.folder = pathlib.Path(folder) / name
        self.folder.mkdir()
        environment = {k: v for k, v in os.environ.items() if not k.startswith("CARILLON_")}
        environment |= {"CARILLON_LISTEN": "127.0.0.1:0", "CARILLON_MANAGEMENT_LISTEN": "127.0.0.1:0", "CARILLON_LOG_LEVEL": "warn",
                        "CARILLON_MAX_SOCKETS_PER_USER": "20000"}
        started = time.perf_counter()
        self.process = subprocess.Popen([BUILD / "carillon", "serve"], cwd=self.folder, env=environment, stdout=subprocess.PIPE)
        ready = json.loads(self.process.stdout.readline())
        self.ready_ms = (time.perf_counter() - started) * 1000
        self.address = ready["listen"].split(":")
        self.url = f"http://{ready['listen']}"
        self.management = f"http://{ready['management']}"

    def user(self, name):
        """A new user's API token."""
        user = call(f"{self.url}/api/auth/sign-up", "POST", {"name": name, "email": f"{name}@example.org", "password": "correct horse battery"})
        return call(f"{self.url}/api/tokens", "POST", {"name": "bench"}, user["token"])["token"]

    def fill(self, token, count):
        """`count` tasks by batches of 100; their ids."""
        ids = []
        for start in range(0, count, 100):
            todos = [{"op": "create", "todo": {"title": f"{WORDS[i % 10]} {i} {WORDS[(i * 7) % 10]}", "description": "x" * 160, "tags": [TAGS[i % 20]],
                                               "priority": ["low", "medium", "high"][i % 3], "due_date": f"20{30 + i % 60}-03-04T09:00:00Z"}}
                     for i in range(start, min(start + 100, count))]
            ids += [r["todo"]["id"] for r in call(f"{self.url}/api/todos/batch", "POST", {"commands": todos}, token)["results"]]
        return ids

    def metric(self, name):
        with urllib.request.urlopen(f"{self.management}/metrics", timeout=60) as answer:
            return sum(float(line.rsplit(" ", 1)[1]) for line in answer.read().decode().splitlines() if re.match(name + r"[ {]", line))

    def wait_for_subscribers(self):
        """Seconds until every event is published and handled by each subscription."""
        started = time.perf_counter()
        while True:
            with contextlib.closing(sqlite3.connect(f"file:{self.folder / 'carillon.db'}?mode=ro", uri=True)) as db:
                waiting = db.execute("SELECT (SELECT count(*) FROM outbox WHERE published_at IS NULL) + (SELECT count(*) FROM inbox WHERE handled_at IS NULL)").fetchone()[0]
            if not waiting:
                return time.perf_counter() - started
            time.sleep(0.02)

    def rss_kib(self):
        return int(re.search(r"VmRSS:\s+(\d+)", pathlib.Path(f"/proc/{self.process.pid}/status").read_text()).group(1))

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)


@contextlib.contextmanager
def bare_beast():
    port = free_port()
    process = subprocess.Popen([BUILD / "test/bare_beast", str(port), "2"], stdout=subprocess.PIPE)
    process.stdout.readline()
    yield port
    process.terminate()
    process.wait(timeout=10)


@contextlib.contextmanager
def load(*arguments):
    """The WebSocket client, when its sockets are open."""
    process = subprocess.Popen([BUILD / "test/load", *map(str, arguments)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    if process.stdout.readline() != "open\n":
        sys.exit("the WebSocket client could not connect")
    yield process
    process.stdin.close()
    if process.wait(timeout=120) != 0:
        sys.exit("the WebSocket client failed")


def wrk_script(folder, name, token, paths, body=None, writes=None):
    """A wrk script that goes through `paths` in turn; every 11th request changes one of `writes`; or each creates, where `body` is given."""
    patch = '{\\"title\\":\\"changed %d\\"}'
    lua = ["local paths = {" + ",".join(f'"{p}"' for p in paths) + "}", "local n = math.random(#paths)", "local h = {}",
           'h["Content-Type"] = "application/json"']
    if token:
        lua.append(f'h["Authorization"] = "Bearer {token}"')
    if body is not None:
        lua.append(f"request = function() n = n + 1 return wrk.format('POST', '/api/todos', h, string.format('{body}', n)) end")
    elif writes:
        lua.append("local writes = {" + ",".join(f'"{w}"' for w in writes) + "}")
        lua.append(f"""request = function() n = n + 1
  if n % 11 == 0 then return wrk.format('PATCH', writes[n % #writes + 1], h, string.format('{patch}', n)) end
  return wrk.format('GET', paths[n % #paths + 1], h) end""")
    else:
        lua.append("request = function() n = n + 1 return wrk.format('GET', paths[n % #paths + 1], h) end")
    path = pathlib.Path(folder) / f"{name}.lua"
    path.write_text("\n".join(lua))
    return path


def wrk(url, script, seconds, connections=32):
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script, url], capture_output=True, text=True, check=True).stdout
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    if refused:
        sys.exit(f"{script.name}: {refused.group(0)}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))


def table(title, seen, limit, aims):
    base = statistics.median(seen[limit])
    print(f"\n{title:44} {'median/s':>10} {'spread':>17} {'of limit':>9} {'aim':>6}")
    for name, values in seen.items():
        median = statistics.median(values)
        aim = f"{aims[name]:6.2f}" if name in aims else ""
        print(f"{name:44} {median:10.0f} {min(values):8.0f}–{max(values):8.0f} {median / base:9.2f} {aim}", flush=True)


def reads(folder, options):
    """Reads beside bare Beast; a write per ten reads goes along with each."""
    carillon = Carillon(folder, "reads")
    many, few = carillon.user("many"), carillon.user("few")
    ids, few_ids = carillon.fill(many, options.tasks), carillon.fill(few, 1000)
    carillon.wait_for_subscribers()
    rotated = ids[:: max(1, len(ids) // IDS)][:IDS]
    step = max(1, options.tasks // IDS)
    words = [f"/api/todos?search={WORDS[i % 10]}%20{i}" for i in range(0, options.tasks, step)][:IDS]
    filtered = [f"/api/todos?search={WORDS[i % 10]}&priority={p}&tag={TAGS[i % 20]}" for i in range(IDS // 3) for p in ("low", "medium", "high")]
    pages = [f"/api/todos?page={1 + i % 40}" for i in range(IDS)]
    by_priority = [f"/api/todos?page={1 + i % 40}&priority={p}" for i in range(IDS // 3) for p in ("low", "medium", "high")]
    changed, few_changed = ([f"/api/todos/{i}" for i in some] for some in (rotated, few_ids))

    def script(name, token, paths, writes):
        return carillon.url, wrk_script(folder, name, token, paths, writes=writes)

    with bare_beast() as port:
        limit = "bare Beast, 600 bytes of JSON"
        figures = {
            limit: (f"http://127.0.0.1:{port}", wrk_script(folder, "limit", None, changed)),
            "one task": script("one", many, changed, changed),
            "page of 20 of 1000": script("few", few, pages, few_changed),
            f"page of 20 of {options.tasks}": script("page", many, pages, changed),
            f"page of 20 by priority of {options.tasks}": script("by", many, by_priority, changed),
            f"search in {options.tasks}": script("search", many, words, changed),
            f"search with filters in {options.tasks}": script("filtered", many, filtered, changed),
        }
        seen = {name: [] for name in figures}
        for _ in range(options.rounds):
            for name, (url, path) in figures.items():
                seen[name].append(wrk(url, path, options.seconds))
    names = list(figures)
    table("reads, with a write per ten", seen, limit, {names[1]: 0.6, names[2]: 0.35, names[3]: 0.35, names[5]: 0.1, names[6]: 0.1})
    slower = statistics.median(seen[names[2]]) / statistics.median(seen[names[3]])
    print(f"a page of {options.tasks} costs {slower:.2f} × one of 1000 (aim: at most 1.5)")
    carillon.stop()


def creates(folder, options):
    """Durable creates beside SQLite alone; each round on a new database. Answers the creates per second."""
    limit = f"bare SQLite, the same rows, groups of {GROUP}"
    seen, lags = {limit: [], "durable creates, 32 connections": []}, []
    for number in range(options.rounds):
        carillon = Carillon(folder, f"creates{number}")
        token = carillon.user("maker")
        body = '{"title":"made %d","description":"' + "x" * 160 + '","tags":["home"],"due_date":"2099-01-01T00:00:00Z"}'
        script = wrk_script(folder, f"create{number}", token, ["/"], body)
        empty = pathlib.Path(folder) / f"empty{number}.db"
        subprocess.run([BUILD / "carillon", "migrate"], check=True, stdout=subprocess.DEVNULL,
                       env=os.environ | {"CARILLON_DATABASE_URL": f"sqlite:{empty}"})
        seen["durable creates, 32 connections"].append(wrk(carillon.url, script, options.seconds * 2))
        lags.append(carillon.wait_for_subscribers())
        carillon.stop()
        out = subprocess.run([BUILD / "test/bare_sqlite", carillon.folder / "carillon.db", empty, str(GROUP)], capture_output=True, text=True, check=True).stdout
        seen[limit].append(float(out))
        shutil.rmtree(carillon.folder)
        empty.unlink()
    table("durable creates", seen, limit, {"durable creates, 32 connections": 0.7})
    print(f"subscribers' lag is back at 0 after {statistics.median(lags):.2f} s (of {options.seconds * 2} s of load)")
    return statistics.median(seen["durable creates, 32 connections"])


def fanout(folder, options):
    """Messages per second to many sockets of one user, beside bare Beast."""
    carillon = Carillon(folder, "fanout")
    events, limit, name = 200, "bare Beast, messages of 900 bytes", f"events to {options.sockets} sockets"
    seen = {limit: [], name: []}
    with bare_beast() as port:
        for number in range(options.rounds):
            with load("fanout", "127.0.0.1", port, "/ws", options.sockets, events) as client:
                client.stdin.write("go\n")
                client.stdin.flush()
                call(f"http://127.0.0.1:{port}/send/{events}", "POST", {})
                seen[limit].append(events * options.sockets / float(client.stdout.readline()))
            token = carillon.user(f"listener{number}")
            with load("fanout", *carillon.address, f"/ws/tasks?token={token}", options.sockets, events) as client:
                client.stdin.write("go\n")
                client.stdin.flush()
                carillon.fill(token, events)
                seen[name].append(events * options.sockets / float(client.stdout.readline()))
    table("fan-out", seen, limit, {name: 1.0})
    carillon.stop()


def latency(folder, options, rate):
    carillon = Carillon(folder, "latency")
    token = carillon.user("listener")
    print(f"\n{f'commit to WebSocket, {rate:.0f} creates/s':44} {'events':>10} {'p50':>8} {'p99':>8} {'worst':>8} ms")
    with load("latency", *carillon.address, f"/ws/tasks?token={token}", token, int(rate), options.seconds * 2) as client:
        for line in client.stdout:
            what, count, p50, p99, worst = line.split()
            print(f"{'from the ' + what + ' on':44} {count:>10} {p50:>8} {p99:>8} {worst:>8}{'  aim: p99 < 10' if what == 'answer' else ''}", flush=True)
    carillon.stop()


def at_rest(folder, sockets):
    carillon = Carillon(folder, "rest")
    time.sleep(1)
    before, rss = carillon.cpu_seconds(), carillon.rss_kib()
    time.sleep(10)
    idle = carillon.cpu_seconds() - before
    print(f"\nready {carillon.ready_ms:.0f} ms after the start (aim: 100), {rss / 1024:.1f} MiB at rest (aim: 25), {idle:.2f} s of CPU in 10 s of rest (aim: 0)")
    tokens = [carillon.user(f"idle{i}") for i in range(10)]
    rss = carillon.rss_kib()
    with contextlib.ExitStack() as stack:
        for token in tokens:
            stack.enter_context(load("idle", *carillon.address, f"/ws/tasks?token={token}", sockets // 10))
        each = (carillon.rss_kib() - rss) / (sockets // 10 * 10)
        print(f"{sockets} idle sockets: {each:.1f} KiB each (aim: 16)", flush=True)
    carillon.stop()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--sockets", type=int, default=1000)
    parser.add_argument("--only", choices=["rest", "reads", "creates", "fanout"])
    options = parser.parse_args()
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with tempfile.TemporaryDirectory() as folder:
        if options.only in (None, "rest"):
            at_rest(folder, options.sockets * 10)
        if options.only in (None, "reads"):
            reads(folder, options)
        if options.only in (None, "creates"):
            rate = creates(folder, options)
            latency(folder, options, rate / 2)
        if options.only in (None, "fanout"):
            fanout(folder, options)


if __name__ == "__main__":
    main()
