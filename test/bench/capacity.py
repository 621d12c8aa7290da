"""What more users need, from what was measured here: a day in steps of a minute, through every part in turn.

    capacity.py            prints the table of docs/scaling.md from test/bench/costs.json
    capacity.py --write    puts it there
    capacity.py --costs    takes the costs from build/bench/pipeline.json (make bench-cluster) into costs.json

Every part has as many cores as keep the busiest minute of the day below `FULL`; then the queue behind a broker outage at the busiest
minute is worked off minute by minute. Where one Kafka or one PostgreSQL server is not enough, users are spread over cells.
"""
import dataclasses
import json
import math
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
ROOT = HERE.parents[1]
COSTS = HERE / "costs.json"
DOCUMENT = ROOT / "docs/scaling.md"
BEGIN, END = "<!-- capacity.py begins -->\n", "<!-- capacity.py ends -->\n"

# A user as one may be; change them to yours.
CHANGES_A_DAY = 15           # by an average account: many rest
PAGES_A_DAY = 60
ONLINE = 0.10                # share of accounts with an open live connection in the busiest minute
SOCKETS_EACH = 1.5
FULL = 0.6                   # of a core, in the busiest minute
REPLICA_CORES = 2            # with its sidecar
REPLICA_SOCKETS = 20_000
DATABASE_CORES = 32          # of one PostgreSQL server
BROKER_CORES = 3 * 8         # three brokers, each record on all of them
BROKER_COPIES = 3
OUTAGE_MINUTES = 1
DAYS_IN_KAFKA = 7
SIZES = (1_000, 1_000_000, 100_000_000)


@dataclasses.dataclass
class Costs:
    """Core seconds for each change (and its event) or page, and bytes."""
    change: float              # a replica's part of a change
    event: float               # of publishing an event, taking it in and handling it: replica and sidecar
    broadcast: float           # of an event in each replica, for its live clients: replica and sidecar
    kafka_event: float
    postgres_change: float
    postgres_event: float
    page: float
    postgres_page: float
    kafka_bytes: float
    postgres_bytes: float


def costs_of(figures):
    two, one, read = figures["dapr"], figures["dapr_one_replica"], figures["reads"]
    events, pages = two["events"], read["pages"]

    def outside(run):
        """Core seconds of replicas and sidecars for an event, with as many broadcasts as replicas."""
        return (run["pipeline_cpu"]["replica"] + run["pipeline_cpu"]["sidecar"]) / run["events"]

    broadcast = max(0.0, outside(two) - outside(one))
    return Costs(two["api_cpu"]["replica"] / events, max(0.0, outside(one) - broadcast), broadcast,
                 two["pipeline_cpu"]["kafka"] / events, two["api_cpu"]["postgres"] / events, two["pipeline_cpu"]["postgres"] / events,
                 read["cpu"]["replica"] / pages, read["cpu"]["postgres"] / pages,
                 figures["librdkafka"]["bytes"] / figures["librdkafka"]["records"], figures["stored_bytes_per_event"])


def day(total):
    """`total` spread over 1,440 minutes: a quiet night, a busy morning and evening; the busiest minute has twice the mean."""
    shape = [1 + 0.9 * math.sin(math.pi * (m - 420) / 720) + 0.7 * math.exp(-((m - 540) / 60) ** 2) + 0.7 * math.exp(-((m - 1170) / 90) ** 2)
             for m in range(1440)]
    shape = [max(0.05, s) for s in shape]
    return [total * s / sum(shape) for s in shape]


def cores_for(demand):
    """Cores that keep the busiest minute (`demand` in core seconds a minute) below FULL."""
    return max(demand) / 60 / FULL


def catch_up(changes, capacity):
    """Seconds after an outage at the busiest minute until the queue is empty again; `capacity` in events a minute."""
    worst = changes.index(max(changes))
    waiting = sum(changes[worst:worst + OUTAGE_MINUTES])
    for minute in range(worst + OUTAGE_MINUTES, worst + 1440):
        free = capacity - changes[minute % 1440]
        if waiting <= free:
            return 60 * ((minute - worst - OUTAGE_MINUTES) + waiting / free)
        waiting -= free
    return math.inf


def demand(users, costs):
    """Cores below FULL in the busiest minute, of each part, as if there were one of it; `broadcast` is that of every replica."""
    changes, pages = day(users * CHANGES_A_DAY), day(users * PAGES_A_DAY)
    both = list(zip(changes, pages))
    return {
        "app": cores_for([c * (costs.change + costs.event) + p * costs.page for c, p in both]),
        "broadcast": cores_for([c * costs.broadcast for c in changes]),
        "kafka": cores_for([c * costs.kafka_event * BROKER_COPIES for c in changes]),
        "postgres": cores_for([c * (costs.postgres_change + costs.postgres_event) + p * costs.postgres_page for c, p in both]),
    }


# What one cell (one Kafka, one PostgreSQL server) can hold of each; half a replica is left for its own users' requests.
LIMITS = {"PostgreSQL": ("postgres", DATABASE_CORES), "broadcast to every replica": ("broadcast", REPLICA_CORES / 2),
          "Kafka": ("kafka", BROKER_CORES)}


def saturation(costs):
    """Accounts at which each part of one cell is full, the first one first."""
    unit = demand(1_000_000, costs)
    return sorted(((1_000_000 * limit / unit[part], name) for name, (part, limit) in LIMITS.items() if unit[part]))


def simulate(users, costs):
    """What `users` accounts need: a row of the table."""
    changes = day(users * CHANGES_A_DAY)
    need = demand(users, costs)
    cells = max(1, *(math.ceil(need[part] / limit) for part, limit in LIMITS.values()))
    sockets = users * ONLINE * SOCKETS_EACH
    own = REPLICA_CORES - need["broadcast"] / cells           # of a replica, beside the broadcasts
    replicas = max(2, math.ceil(need["app"] / cells / own), math.ceil(sockets / cells / REPLICA_SOCKETS))
    full = max(need, key=lambda part: need[part] / cells / {"app": replicas * REPLICA_CORES, **dict(LIMITS.values())}[part])
    capacity = replicas * own * 60 / costs.event
    return {
        "users": f"{users:,}", "changes/s, busiest": f"{max(changes) / 60:,.1f}",
        "pages/s, busiest": f"{max(changes) / 60 * PAGES_A_DAY / CHANGES_A_DAY:,.1f}", "live sockets": f"{sockets:,.0f}",
        "cells": f"{cells:,}", f"replicas of {REPLICA_CORES} cores a cell": f"{replicas:,}",
        "partitions a cell": f"{max(3, 2 ** math.ceil(math.log2(replicas * 1.5))):,}",   # some to grow into
        "Kafka cores": f"{need['kafka']:,.2f}", "Kafka GB": f"{users * CHANGES_A_DAY * DAYS_IN_KAFKA * costs.kafka_bytes * BROKER_COPIES / 1e9:,.1f}",
        "PostgreSQL cores": f"{need['postgres']:,.2f}",
        "PostgreSQL GB a year": f"{users * CHANGES_A_DAY * 365 * costs.postgres_bytes / 1e9:,.0f}",
        "s to catch up after 60 s": f"{catch_up([c / cells for c in changes], capacity):,.1f}",
        "fullest part": {"app": "replicas", "broadcast": "broadcast", "kafka": "Kafka", "postgres": "PostgreSQL"}[full],
    }


def table(costs):
    rows = [simulate(users, costs) for users in SIZES]
    lines = ["| | " + " | ".join(row["users"] + " users" for row in rows) + " |", "|---|" + "---:|" * len(rows)]
    lines += [f"| {name} | " + " | ".join(row[name] for row in rows) + " |" for name in list(rows[0])[1:]]
    full = "; ".join(f"{name} at {users / 1e6:,.1f} million" for users, name in saturation(costs))
    return "\n".join(lines) + f"\n\nOne cell is full, by part: {full} users.\n"


def main():
    if "--costs" in sys.argv:
        figures = json.loads((ROOT / "build/bench/pipeline.json").read_text(encoding="utf-8"))
        COSTS.write_text(json.dumps(dataclasses.asdict(costs_of(figures)), indent=2) + "\n", encoding="utf-8")
    made = table(Costs(**json.loads(COSTS.read_text(encoding="utf-8"))))
    print(made)
    if "--write" in sys.argv:
        text = DOCUMENT.read_text(encoding="utf-8")
        before, rest = text.split(BEGIN)
        DOCUMENT.write_text(before + BEGIN + made + END + rest.split(END)[1], encoding="utf-8")


if __name__ == "__main__":
    main()
