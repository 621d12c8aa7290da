"""A whole cluster on this machine: Kafka, Dapr, PostgreSQL, replicas with their sidecars, a proxy in front.

    cluster.py up | status | down      one that stays, in build/cluster, with its addresses in build/cluster/endpoints.json
"""
import argparse
import contextlib
import json
import os
import pathlib
import shutil
import signal
import time

from confluent_kafka import ConsumerGroupState, KafkaException
from confluent_kafka.admin import AdminClient

from carillon import wait_until
from contract import ROOT
from parts import Kafka, Part, Postgres, Proxy, Replica, Scheduler, Sidecar, answers

HOME = ROOT / "build/cluster"


class Cluster:
    """`replicas` equal replicas; `settings` are those of each."""

    def __init__(self, directory, replicas=2, **settings):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True, exist_ok=True)
        self.postgres = Postgres(self.directory)
        self.kafka = Kafka(self.directory)
        self.scheduler = Scheduler(self.directory)
        self.replicas, self.sidecars = [], []
        self.proxy = Proxy(self.directory)
        self.url, self.address = self.proxy.url, self.proxy.address
        secrets = {"kafka-brokers": self.kafka.address, "state-store-url": self.postgres.url}
        for number in range(1, replicas + 1):
            replica = Replica(number, self.directory, self.postgres.url, **{
                "PUBLIC_URL": self.url, "EVENT_BUS": "dapr", "SCHEDULER": "dapr", "STATE_COMPONENT": "statestore-postgres", **settings})
            sidecar = Sidecar(number, self.directory, replica.sidecar_port, self.scheduler.address, secrets, replica.app_token)
            replica.outside = {"APP_API_TOKEN": replica.app_token, "DAPR_HTTP_PORT": str(sidecar.port)}
            replica.wrapper = ["setsid"] if Part.kept else ["setpriv", "--pdeathsig", "KILL"]
            self.replicas.append(replica)
            self.sidecars.append(sidecar)

    def start(self):
        for part in (self.kafka, self.scheduler):
            part.launch()
        self.kafka.wait_ready()
        self.kafka.create_topics()
        self.scheduler.wait_ready()
        for replica in self.replicas:
            replica.launch()
        for replica in self.replicas:
            replica.wait_ready(30)
        for sidecar in self.sidecars:
            sidecar.launch()
        for sidecar in self.sidecars:
            sidecar.wait_ready()
        self.proxy.backends = [replica.address for replica in self.replicas]
        self.proxy.start()
        self.wait_joined()
        return self

    def groups(self):
        """The state of each consumer group that has members, by name."""
        admin = AdminClient({"bootstrap.servers": self.kafka.address, "log_level": 0})  # one that saw the broker go gets no answer again
        names = [g.group_id for g in admin.list_consumer_groups(request_timeout=10).result(15).valid]
        described = admin.describe_consumer_groups(names, request_timeout=10) if names else {}
        found = {name: future.result(15) for name, future in described.items()}
        return {name: group for name, group in found.items() if group.members}

    def wait_joined(self, timeout=150):
        """Until every sidecar takes part in the shared group and in one of its own, with all partitions given out: only then
        does a broadcast reach every replica. The broker gives a member a minute to come back to a group that forms anew."""
        count = len(self.replicas)

        def joined():
            try:
                groups = self.groups()
            except (KafkaException, TimeoutError):
                return False            # a busy broker answers late
            return (len(groups) == 1 + count and all(g.state == ConsumerGroupState.STABLE for g in groups.values())
                    and max(len(g.members) for g in groups.values()) == count)

        wait_until(joined, timeout, "all consumers to join", pause=0.2)

    def parts(self):
        """(name, process id) of each process."""
        running = [p for p in (self.kafka, self.scheduler, *self.replicas, *self.sidecars, self.proxy) if p.running]
        return {"postgres": self.postgres.pid, **{p.name: p.pid for p in running}}

    def endpoints(self):
        return {"replicas": [r.url for r in self.replicas], "proxy": self.proxy.url, "kafka": self.kafka.address,
                "postgres": self.postgres.url, "sidecars": [s.url for s in self.sidecars], "pids": self.parts()}

    def stop(self):
        """The replicas first, as operators do; everything is stopped even where one of them fails."""
        with contextlib.ExitStack() as stack:
            stack.callback(self.postgres.stop)
            for part in (self.kafka, self.scheduler, *self.sidecars, *self.replicas, self.proxy):
                stack.callback(part.stop)

    def logs(self):
        """The last lines of every part, for a test that failed."""
        return "\n".join(f"--- {p.name}\n{p.tail(15)}" for p in (self.kafka, self.scheduler, *self.sidecars, *self.replicas))


@contextlib.contextmanager
def running(cluster):
    """The cluster started, and stopped behind the block; where that fails the parts' last words are printed."""
    try:
        yield cluster.start()
    except BaseException:
        print(cluster.logs())
        raise
    finally:
        cluster.stop()


# --- the one that stays

def recorded():
    file = HOME / "endpoints.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None


def is_ours(name, pid):
    """Whether the process with that id is still the one that was started: each works in the part's own folder."""
    try:
        folder = os.readlink(f"/proc/{pid}/cwd")
    except OSError:
        return False
    return name == "postgres" or folder == str(HOME / name)


def up(count):
    known = recorded()
    if known and all(is_ours(*p) for p in known["pids"].items()) and len(known["replicas"]) == count:
        print(f"it is up: {known['proxy']}")
        return
    down()
    Part.kept = True
    cluster = Cluster(HOME, count)
    try:
        cluster.start()
    except BaseException:
        print(cluster.logs())
        cluster.stop()
        raise
    (HOME / "endpoints.json").write_text(json.dumps(cluster.endpoints(), indent=2) + "\n", encoding="utf-8")
    print(f"{cluster.proxy.url}, more in build/cluster/endpoints.json")


def status():
    known = recorded()
    if not known:
        print("no cluster is up")
        return 1
    gone = [name for name, pid in known["pids"].items() if not is_ours(name, pid)]
    for name, pid in known["pids"].items():
        print(f"{name:12} {pid:8} {'gone' if name in gone else 'runs'}")
    silent = [url for url in [r + "/readyz" for r in known["replicas"]] + [s + "/v1.0/healthz" for s in known["sidecars"]]
              if not answers(url)]
    for url in silent:
        print(f"{url} does not answer")
    return 1 if gone or silent else 0


def down():
    known = recorded() or {"pids": {}}
    left = {n: p for n, p in known["pids"].items() if n != "postgres" and is_ours(n, p)}
    for number in (signal.SIGTERM, signal.SIGKILL):
        for name, pid in left.items():
            if is_ours(name, pid):
                os.kill(pid, number)
        deadline = time.monotonic() + 20
        while any(is_ours(*p) for p in left.items()) and time.monotonic() < deadline:
            time.sleep(0.05)
    if (HOME / "postgres/postgres.url").exists():
        Postgres(HOME).stop()
    shutil.rmtree(HOME, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["up", "status", "down"])
    parser.add_argument("--replicas", type=int, default=2)
    asked = parser.parse_args()
    return {"up": lambda: up(asked.replicas), "status": status, "down": down}[asked.action]()


if __name__ == "__main__":
    raise SystemExit(main())
