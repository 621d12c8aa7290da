"""Two replicas on one PostgreSQL and one Kafka, without Dapr: the same user at both, and one of them killed."""
import concurrent.futures
import datetime as dt
import itertools
import time

import pytest

from carillon import Api, Postgres, Server, wait_until
from parts import Kafka
from topics import check_documented, check_topic, read_topic


def rfc3339(seconds):
    return dt.datetime.fromtimestamp(seconds, dt.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@pytest.fixture(scope="module")
def kafka(tmp_path_factory):
    broker = Kafka(tmp_path_factory.mktemp("broker")).start()
    yield broker
    broker.kill()


@pytest.fixture
def database():
    fresh = Postgres()
    yield fresh
    fresh.drop()


@pytest.fixture
def replicas(kafka, database, tmp_path):
    """Started at the same moment on an empty database: migrations, the first signing key and topics are made once."""
    both = []
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        both.append(Server(tmp_path / name, database.url, EVENT_BUS="kafka", KAFKA_BROKERS=kafka.address,
                           PUBLIC_URL="http://127.0.0.1:1"))
    with concurrent.futures.ThreadPoolExecutor() as pool:
        list(pool.map(lambda server: server.start(60), both))
    yield both
    for server in both:
        server.stop()


def sequences(live):
    return [event["sequence"] for event in live.events]


def audit_is_whole(user, sequence, timeout=30):
    """Every event up to `sequence` once in the log."""
    def whole():
        return sorted(entry["sequence"] for entry in user.audit()) == list(range(1, sequence + 1))
    wait_until(whole, timeout, f"the log to hold 1 to {sequence} once each")


@pytest.mark.timeout(300)
def test_one_user_at_two_replicas(replicas, kafka):
    a, b = replicas
    on_a = Api(a).signed_up()
    on_b = on_a.again(b)
    with on_a.live() as live_a, on_b.live() as live_b:
        live_a.wait_type("ready")
        live_b.wait_type("ready")
        turns = itertools.cycle((on_a, on_b))
        todo = on_a.todo("Water the fern")
        for n in range(30):
            api = next(turns)
            api.patch(f"/api/todos/{todo['id']}", json={"title": f"Water the fern {n}"})
            api.todo(f"Task {n}", due_date=rfc3339(time.time() + 9e6), recurrence={"rule": "daily"})
        done = on_b.todo("Repeat me", due_date=rfc3339(time.time() + 9e6), recurrence={"rule": "weekly"})
        on_a.post(f"/api/todos/{done['id']}/complete")
        count = 1 + 60 + 2 + 1      # and the next occurrence
        for live in (live_a, live_b):
            live.wait(lambda s: len(s.events) >= count, 30, f"{count} events")
            assert sequences(live) == list(range(1, count + 1))
    audit_is_whole(on_b, count)
    titles = [t["title"] for t in on_b.all_todos()]
    assert titles.count("Repeat me") == 2
    # Nothing failed, so nothing stands twice on the topic.
    found = [r for r in read_topic(kafka.address, "task-events") if r["key"] == on_a.user["id"]]
    check_topic(found, [event["id"] for event in live_a.events], exactly_once=True)
    check_documented(found)


@pytest.mark.timeout(300)
def test_a_killed_replica_is_made_up_for(replicas):
    a, b = replicas
    on_a = Api(a).signed_up()
    on_b = on_a.again(b)
    bell = time.time() + 4
    rings = on_a.todo("Ring me", due_date=rfc3339(bell), reminder_at=rfc3339(bell))
    acknowledged = 1
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        def write(api):
            written = 0
            try:
                while written < 150:
                    api.todo("Under load")
                    written += 1
            except Exception:      # noqa: BLE001: the replica is gone; what was answered counts
                pass
            return written
        futures = [pool.submit(write, on_a), pool.submit(write, on_b)]
        time.sleep(0.5)
        a.kill()
        acknowledged += sum(f.result() for f in futures)
    with on_b.live(last_sequence=0) as live:
        live.wait_event("reminder.triggered", rings["id"], 30)
        stored = len(on_b.all_todos())
        assert stored >= acknowledged
        audit_is_whole(on_b, stored + 1, 60)
        live.wait(lambda s: len(s.events) >= stored + 1, 30, "every event")
        assert sequences(live) == list(range(1, stored + 2))
    assert len([e for e in on_b.audit() if e["event_type"] == "reminder.triggered"]) == 1
    a.start(60)
    assert on_b.again(a).get("/api/todos").json()["total"] == stored


@pytest.mark.timeout(120)
def test_a_sign_out_at_one_closes_sockets_at_the_other(replicas):
    a, b = replicas
    on_a = Api(a).signed_up()
    on_b = on_a.again(b)
    with on_a.live() as live:
        live.wait_type("ready")
        on_b.delete(f"/api/auth/sessions/{on_b.get('/api/auth/sessions').json()['items'][0]['id']}", (200, 204))
        assert live.wait_closed(40) == 4401
    wait_until(lambda: on_a.get("/api/todos", (200, 401)).status_code == 401, 10, "the token to end at the other replica")


def test_a_key_is_used_once_across_replicas(replicas):
    a, b = replicas
    on_a = Api(a).signed_up()
    on_b = on_a.again(b)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for n in range(10):
            answers = list(pool.map(
                lambda api: api.post("/api/todos", (201, 409), json={"title": "Once"}, headers={"Idempotency-Key": f"k{n}"}),
                [on_a, on_b] * 4))
            assert len({answer.json()["id"] for answer in answers if answer.status_code == 201}) == 1
    assert on_a.get("/api/todos").json()["total"] == 10


def test_a_second_process_with_the_bus_in_memory_is_refused(database, tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    one = Server(tmp_path / "one", database.url).start()
    with pytest.raises(AssertionError, match="event_bus memory is for one process"):
        Server(tmp_path / "two", database.url).start(30)
    one.kill()
    again = Server(tmp_path / "two", database.url).start(30)     # at once: the dead one's lock went with it
    again.stop()
