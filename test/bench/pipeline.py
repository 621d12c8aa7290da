"""make bench-cluster: events and reminders through the real parts, beside what plain librdkafka does to the same broker in the same run.

bench/pipeline.py [--events N] [--users N] [--run N] [--reminders N]      prints the figures and writes them to build/bench/pipeline.json

The events wait in the outbox while the sidecars are away, as after an outage; then the clock runs until every event has been
published, taken in by the replicas and handled by every subscriber. The processor time of each part is taken over that time.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import tempfile
import time

import psycopg

from carillon import Api, Server, wait_until
from cluster import Cluster, running
from contract import ROOT
from parts import Kafka

# PostgreSQL's own defaults: that of the tests is smaller, and spends its time on checkpoints.
os.environ["CARILLON_TEST_POSTGRES_SETTINGS"] = "shared_buffers=128MB max_wal_size=1GB min_wal_size=80MB"
OUT = ROOT / "build/bench/pipeline.json"
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid):
    """Processor time of a process and of the children it still has (PostgreSQL's)."""
    total = 0
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(stat.parent.name) == pid or int(fields[1]) == pid:
            total += int(fields[11]) + int(fields[12])
    # of a process itself also what its ended children took
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[13]) + int(fields[14])
    except OSError:
        pass
    return total / TICKS


class Spent:
    """Processor seconds of each kind of part since it was made."""

    def __init__(self, cluster):
        self._cluster = cluster
        self._before = self._now()

    def _now(self):
        kinds = {}
        for name, pid in self._cluster.parts().items():
            kind = name.split("-")[0]
            kinds[kind] = kinds.get(kind, 0) + cpu_seconds(pid)
        return kinds

    def so_far(self):
        return {kind: round(spent - self._before.get(kind, 0), 2) for kind, spent in self._now().items()}


def create(users, count, todo, run=100):
    """`count` tasks by batches of `run`, one user after the other, from a few threads; `todo(number)` is each one's body. Seconds it took."""
    def batch(start):
        user = users[start // run % len(users)]
        commands = [{"op": "create", "todo": todo(i)} for i in range(start, min(start + run, count))]
        answer = user.http.post("/api/todos/batch", json={"commands": commands}, headers={"Authorization": f"Bearer {user.token}"})
        assert answer.status_code == 200 and all(r["status"] == 201 for r in answer.json()["results"]), answer.text[:500]

    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        list(pool.map(batch, range(0, count, run)))
    return time.monotonic() - began


def one(url, sql):
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(sql).fetchone()[0]


def events_through_dapr(cluster, count, user_count, run):
    """A backlog of `count` events of so many users, in which a user's stand `run` together."""
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        users = list(pool.map(lambda i: Api(cluster.replicas[i % len(cluster.replicas)]).signed_up(), range(user_count)))
    for sidecar in cluster.sidecars:
        sidecar.stop()
    spent = Spent(cluster)
    creating = create(users, count, lambda i: {"title": f"water fern {i}", "description": "x" * 160, "tags": [f"t{i % 20}"]}, run)
    api = spent.so_far()
    for sidecar in cluster.sidecars:
        sidecar.launch()
    spent, began = Spent(cluster), time.monotonic()
    published = None
    with psycopg.connect(cluster.postgres.url, autocommit=True) as connection:      # one, so that looking costs next to nothing
        def value(sql):
            return connection.execute(sql).fetchone()[0]

        while True:
            if published is None and not value("SELECT EXISTS (SELECT FROM outbox WHERE published_at IS NULL)"):
                published = time.monotonic() - began
            if published and value("SELECT coalesce(max(position), 0) FROM task_events") >= count and \
                    not value("SELECT EXISTS (SELECT FROM inbox WHERE handled_at IS NULL)"):
                break
            assert time.monotonic() - began < 900, "the backlog is not worked off"
            time.sleep(0.5)
    handled = time.monotonic() - began
    return {"events": count, "users": user_count, "run": run, "create_per_s": count / creating, "publish_per_s": count / published, "handled_per_s": count / handled,
            "lag_seconds": handled, "api_cpu": api, "pipeline_cpu": spent.so_far()}


def reads(cluster, seconds=5):
    """Pages of 20 tasks from one replica. Processor seconds of each kind of part per thousand."""
    user = Api(cluster.replicas[0]).signed_up()
    create([user], 200, lambda i: {"title": f"water fern {i}"})
    spent = Spent(cluster)
    out = subprocess.run(["wrk", "-t1", "-c16", f"-d{seconds}s", "-H", f"Authorization: Bearer {user.token}",
                          f"{cluster.replicas[0].url}/api/todos"], capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in out, out
    count = int(re.search(r"(\d+) requests in", out).group(1))
    return {"pages": count, "cpu": spent.so_far()}


def stored_bytes(url):
    """Bytes in PostgreSQL for each event so far, with its task, its log entry and all indexes."""
    return round(one(url, "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace") \
        / one(url, "SELECT count(*) FROM task_events"))


def plain_librdkafka(cluster, folder):
    """The same records, in and out of a topic of the same broker, by kcat."""
    lines = pathlib.Path(folder) / "records"
    with lines.open("wb") as out:
        subprocess.run(["kcat", "-C", "-q", "-e", "-b", cluster.kafka.address, "-t", "task-events", "-f", "%k\t%s\n", "-o", "beginning"],
                       stdout=out, check=True)
    count = sum(1 for _ in lines.open("rb"))
    cluster.kafka.create_topic("bench", 3)
    took = []
    for command in (["-P", "-K", "\t", "-X", "acks=all", "-X", "enable.idempotence=true", "-l", str(lines)], ["-C", "-q", "-e", "-o", "beginning"]):
        began = time.monotonic()
        subprocess.run(["kcat", "-b", cluster.kafka.address, "-t", "bench", *command], stdout=subprocess.DEVNULL, check=True)
        took.append(time.monotonic() - began)
    return {"records": count, "bytes": lines.stat().st_size, "produce_per_s": count / took[0], "consume_per_s": count / took[1]}


def reminders(server, database_url, count):
    """`count` bells of the same second, half a minute or more ahead; how late they rang."""
    users = [Api(server).signed_up() for _ in range(20)]
    due = int(time.time()) + max(30, count // 200)
    moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(due))
    took = create(users, count, lambda i: {"title": f"bell {i}", "due_date": moment})
    assert time.time() < due, f"{took:.0f} s were not enough to set {count} bells"
    ids = ",".join(f"'{u.user['id']}'" for u in users)
    rung = f"FROM outbox WHERE type = 'reminder.triggered' AND user_id IN ({ids})"
    wait_until(lambda: time.time() > due and one(database_url, f"SELECT count(*) {rung}") >= count, due - time.time() + 300, "all bells")
    time.sleep(3)
    with psycopg.connect(database_url) as connection:
        late = sorted(row[0] / 1e6 - due for row in connection.execute(f"SELECT time {rung}"))
    assert len(late) == count, f"{len(late)} bells for {count} reminders"
    return {"reminders": count, "early": sum(1 for s in late if s < 0), "p50_s": round(late[count // 2], 3),
            "p99_s": round(late[count * 99 // 100], 3), "last_s": round(late[-1], 3)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--users", type=int, default=500)
    parser.add_argument("--run", type=int, default=10, help="of a user's changes, how many come one behind the other")
    parser.add_argument("--broker-jvm", action="store_true", help="the broker with Java's own compilers and collector, as one that stays")
    parser.add_argument("--only-events", action="store_true", help="through two replicas; nothing else, and nothing is written")
    parser.add_argument("--reminders", type=int, default=10_000)
    asked = parser.parse_args()
    figures = {}
    if asked.broker_jvm:
        Kafka.jvm = ("-Xmx1g",)
    if asked.only_events:
        with tempfile.TemporaryDirectory() as folder, running(Cluster(folder)) as cluster:
            print(json.dumps(events_through_dapr(cluster, asked.events, asked.users, asked.run), indent=2))
        return
    with tempfile.TemporaryDirectory() as folder, running(Cluster(folder, 1)) as cluster:
        figures["dapr_one_replica"] = events_through_dapr(cluster, asked.events // 4, asked.users, asked.run)
    with tempfile.TemporaryDirectory() as folder, running(Cluster(folder)) as cluster:
        figures["dapr"] = events_through_dapr(cluster, asked.events, asked.users, asked.run)
        figures["stored_bytes_per_event"] = stored_bytes(cluster.postgres.url)
        print(json.dumps(figures), flush=True)
        figures["reads"] = reads(cluster)
        figures["librdkafka"] = plain_librdkafka(cluster, folder)
        figures["reminders_dapr"] = reminders(cluster.replicas[0], cluster.postgres.url, asked.reminders)
        for part in (*cluster.sidecars, *cluster.replicas, cluster.scheduler, cluster.kafka):
            part.stop()
        with psycopg.connect(cluster.postgres.url, autocommit=True) as connection:
            connection.execute("CREATE DATABASE alone")
        alone_url = cluster.postgres.url.rsplit("/", 1)[0] + "/alone"
        alone = Server(folder, alone_url).start()
        figures["reminders_local"] = reminders(alone, alone_url, asked.reminders)
        alone.stop()
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
