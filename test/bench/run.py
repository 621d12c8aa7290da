"""make bench: Carillon's figures as ratios to bare Beast, measured in turns in the same run. Prints one table.

bench/run.py [--tasks N] [--rounds N] [--seconds S]
"""
import argparse
import json
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / "build/release"
IDS = 1000  # as many ids and queries rotate, so that no answer cache is what is measured


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
    def __init__(self, folder):
        environment = {k: v for k, v in os.environ.items() if not k.startswith("CARILLON_")}
        environment |= {"CARILLON_LISTEN": "127.0.0.1:0", "CARILLON_MANAGEMENT_LISTEN": "127.0.0.1:0", "CARILLON_LOG_LEVEL": "warn"}
        started = time.perf_counter()
        self.process = subprocess.Popen([BUILD / "carillon", "serve"], cwd=folder, env=environment, stdout=subprocess.PIPE)
        ready = json.loads(self.process.stdout.readline())
        self.ready_ms = (time.perf_counter() - started) * 1000
        self.url = f"http://{ready['listen']}"

    def rss_mib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024

    def cpu_seconds(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def fill(url, token, count):
    """`count` tasks by batches of 100; their ids."""
    ids = []
    words = ["rent", "ferns", "taxes", "milk", "plumber", "letters", "garden", "report", "tickets", "library"]
    for start in range(0, count, 100):
        todos = [{"op": "create", "todo": {"title": f"{words[i % 10]} {i} {words[(i * 7) % 10]}", "description": "x" * 160, "tags": [f"t{i % 20}"],
                                           "priority": ["low", "medium", "high"][i % 3], "due_date": f"20{30 + i % 60}-03-04T09:00:00Z"}}
                 for i in range(start, min(start + 100, count))]
        ids += [r["todo"]["id"] for r in call(f"{url}/api/todos/batch", "POST", {"commands": todos}, token)["results"]]
    return ids


def wrk_script(folder, name, token, paths, body=None):
    """A wrk script that goes through `paths` in turn; every 11th request is a write, or each where `body` is given."""
    listed = ",".join(f'"{p}"' for p in paths)
    patch = '{\\"title\\":\\"changed %d\\"}'
    lua = [f'local paths = {{{listed}}}', "local n = math.random(#paths)", "local h = {}", 'h["Content-Type"] = "application/json"']
    if token:
        lua.append(f'h["Authorization"] = "Bearer {token}"')
    if body is not None:
        lua.append(f"request = function() n = n + 1 return wrk.format('POST', '/api/todos', h, string.format('{body}', n)) end")
    else:
        lua.append(f"""request = function() n = n + 1
  if writes and n % 11 == 0 then return wrk.format('PATCH', writes[n % #writes + 1], h, string.format('{patch}', n)) end
  return wrk.format('GET', paths[n % #paths + 1], h) end""")
    path = pathlib.Path(folder) / f"{name}.lua"
    path.write_text("\n".join(lua))
    return path


def wrk(url, script, seconds, connections=32):
    out = subprocess.run(["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "-s", script, url], capture_output=True, text=True, check=True).stdout
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    if refused:
        sys.exit(f"{script.name}: {refused.group(0)}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        carillon = Carillon(folder)
        idle_rss = carillon.rss_mib()
        before = carillon.cpu_seconds()
        time.sleep(3)
        idle_cpu = carillon.cpu_seconds() - before
        user = call(f"{carillon.url}/api/auth/sign-up", "POST", {"name": "b", "email": "b@example.org", "password": "correct horse battery"})
        token = call(f"{carillon.url}/api/tokens", "POST", {"name": "bench"}, user["token"])["token"]
        few = call(f"{carillon.url}/api/auth/sign-up", "POST", {"name": "s", "email": "s@example.org", "password": "correct horse battery"})
        few_token = call(f"{carillon.url}/api/tokens", "POST", {"name": "bench"}, few["token"])["token"]
        ids = fill(carillon.url, token, options.tasks)
        fill(carillon.url, few_token, 1000)
        rotated = ids[:: max(1, len(ids) // IDS)][:IDS]
        words = [f"/api/todos?search={w}%20{i}" for i in range(0, options.tasks, max(1, options.tasks // IDS)) for w in [["rent", "ferns", "taxes", "milk", "plumber", "letters", "garden", "report", "tickets", "library"][i % 10]]][:IDS]

        port = free_port()
        beast = subprocess.Popen([BUILD / "test/bare_beast", str(port), "2"], stdout=subprocess.PIPE)
        beast.stdout.readline()
        limit = (f"http://127.0.0.1:{port}", wrk_script(folder, "limit", None, [f"/api/todos/{i}" for i in rotated]))

        one = wrk_script(folder, "one", token, [f"/api/todos/{i}" for i in rotated])
        writes = "writes = {" + ",".join(f'"/api/todos/{i}"' for i in rotated) + "}\n"
        mixed = pathlib.Path(folder) / "mixed.lua"
        mixed.write_text(writes + one.read_text())
        pages = [f"/api/todos?page={1 + i % 40}&priority={p}" for i in range(IDS // 3) for p in ("low", "medium", "high")]
        figures = {
            "bare Beast, 600 bytes": limit,
            "one task": (carillon.url, one),
            "one task, a write per ten reads": (carillon.url, mixed),
            f"page of 20 of {options.tasks}": (carillon.url, wrk_script(folder, "page", token, [f"/api/todos?page={1 + i % 40}" for i in range(IDS)])),
            "page of 20 of 1000": (carillon.url, wrk_script(folder, "few", few_token, [f"/api/todos?page={1 + i % 40}" for i in range(IDS)])),
            f"page of 20 by priority of {options.tasks}": (carillon.url, wrk_script(folder, "by", token, pages)),
            f"search in {options.tasks}": (carillon.url, wrk_script(folder, "search", token, words)),
            "durable creates": (carillon.url, wrk_script(folder, "create", few_token, ["/"], '{"title":"made %d","tags":["home"],"due_date":"2031-01-01T00:00:00Z"}')),
        }
        seen = {name: [] for name in figures}
        for _ in range(options.rounds):
            for name, (url, script) in figures.items():
                seen[name].append(wrk(url, script, options.seconds))
        base = statistics.median(seen["bare Beast, 600 bytes"])
        print(f"{'':42} {'median/s':>10} {'spread':>17} {'of Beast':>9}")
        for name, values in seen.items():
            print(f"{name:42} {statistics.median(values):10.0f} {min(values):8.0f}–{max(values):8.0f} {statistics.median(values) / base:9.2f}")
        print(f"ready after {carillon.ready_ms:.0f} ms, idle RSS {idle_rss:.1f} MiB, CPU in 3 idle seconds {idle_cpu:.2f} s")
        carillon.process.terminate()
        carillon.process.wait(timeout=30)
        beast.terminate()


if __name__ == "__main__":
    main()
