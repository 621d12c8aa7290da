"""What is in a topic, as a client that is not Carillon's reads it, and what must be true of it."""
import collections
import json
import subprocess

from contract import CONTRACT


def read_topic(broker, topic):
    """Every record, by kcat, as {partition, offset, key, payload (text)}; of each partition in the order of its offsets."""
    done = subprocess.run(["kcat", "-C", "-q", "-e", "-J", "-b", broker, "-t", topic, "-o", "beginning"],
                          capture_output=True, text=True, check=True, timeout=120)
    records = [json.loads(line) for line in done.stdout.splitlines()]
    return sorted(records, key=lambda r: (r["partition"], r["offset"]))


def check_topic(records, ids, exactly_once):
    """`ids` are those of the events that were published there. Records carry the user as key, each user's stay in one partition
    and in the order of first delivery; with `exactly_once` none is there twice, otherwise twice means the very same bytes."""
    seen, last, home = {}, collections.defaultdict(int), {}
    for record in records:
        event = json.loads(record["payload"])
        user = record["key"]
        assert event["partitionkey"] == user == event["data"]["userId"], record
        assert home.setdefault(user, record["partition"]) == record["partition"], f"user {user} is in two partitions"
        if event["id"] in seen:
            assert not exactly_once, f"{event['id']} is there twice"
            assert seen[event["id"]] == record["payload"], f"two events {event['id']}"
            continue
        seen[event["id"]] = record["payload"]
        assert int(event["sequence"]) > last[user], f"{event['id']} of user {user} has {event['sequence']} behind {last[user]}"
        last[user] = int(event["sequence"])
    assert set(seen) == set(ids), f"{len(set(ids) - set(seen))} events are missing, {len(set(seen) - set(ids))} are from nowhere"


def check_documented(records):
    """Each record is as docs/api/asyncapi.yaml says."""
    for record in records:
        CONTRACT.check_message(record["payload"])
