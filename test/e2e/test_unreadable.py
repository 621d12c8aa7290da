"""A record that is no event of Carillon's: kept as a dead letter, known again by its place, and nothing behind it waits."""
import psycopg
import pytest
from confluent_kafka import Producer

from carillon import Api, wait_until

RECORDS = [b"", b"no JSON", b"\xff\xfe", b'{"specversion":"1.0"}', b'[{"title":"x"}]', b'"text"']


@pytest.mark.timeout(180)
def test_a_record_that_is_no_cloudevent_blocks_nothing(cluster):
    user = Api(cluster).signed_up(timezone="UTC")
    producer = Producer({"bootstrap.servers": cluster.kafka.address, "acks": "all"})
    for partition in range(len(producer.list_topics("task-events").topics["task-events"].partitions)):
        for record in RECORDS:
            producer.produce("task-events", record, key=user.user["id"], partition=partition)
    assert producer.flush(30) == 0
    for i in range(20):
        user.post("/api/todos", 201, json={"title": f"behind {i}"})
    wait_until(lambda: len(user.get("/api/audit?limit=200").json()) == 20, what="what stands behind those records")

    def letters():
        with psycopg.connect(cluster.postgres.url) as connection:
            return connection.execute("SELECT event_id FROM dead_letters WHERE subscription = 'unreadable' ORDER BY 1").fetchall()

    expected = sorted((f"task-events/{p}/{offset}",) for p in range(partition + 1) for offset in range(len(RECORDS)))
    wait_until(lambda: len(letters()) >= len(expected), what="the dead letters")
    assert letters() == expected
    # The sidecars come again: what was answered for stays answered for.
    for sidecar in cluster.sidecars:
        sidecar.stop()
        sidecar.start()
    cluster.wait_joined()
    user.post("/api/todos", 201, json={"title": "afterwards"})
    wait_until(lambda: len(user.get("/api/audit?limit=200").json()) == 21, what="the next event")
    assert letters() == expected
