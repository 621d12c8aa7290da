"""SIGKILL at random moments under load: every acknowledged change is there, with one event, one entry, one bell, one next task."""
import collections
import os
import random
import time

import pytest

from carillon import Api, Server
from load import drive, send_again
from proof import Client, Task, check, check_tables, compare

KILLS = {"sqlite": 50, "postgresql": 15} if "CARILLON_TEST_KILLS" not in os.environ else dict.fromkeys(
    ("sqlite", "postgresql"), int(os.environ["CARILLON_TEST_KILLS"]))   # fewer under sanitizers
CLIENTS = 24             # each has one write in flight all the time
WRITES_IN_FLIGHT = 8
BELL_WINDOW = 0.1        # a bell within that many seconds of the kill is in flight


def bells_in_flight(clients, now):
    return sum(1 for c in clients for t in list(c.tasks.values())[-40:] if t.bell_at and abs(t.bell_at - now) < BELL_WINDOW)


def kill_under_load(server, clients):
    """One kill at a random moment. (calls without an answer, bells in flight)"""
    moment = time.monotonic() + random.uniform(0.03, 0.35)
    seen = {}

    def until(pairs):
        now = time.monotonic()
        if now < moment:
            return False
        kinds = collections.Counter(connection.call.kind for _, connection in pairs if connection.call)
        seen["bells"] = bells_in_flight(clients, time.time())
        ready = kinds.total() >= WRITES_IN_FLIGHT and kinds["complete"] and seen["bells"]
        if not ready and now < moment + 5:
            return False
        server.kill()
        return True

    lost = drive(server.address, clients, until, lambda client, call: client.answered(call))
    return lost, seen["bells"]


@pytest.mark.timeout(420)
def test_nothing_is_lost_or_doubled_by_sigkill(tmp_path, database_url, backend, record_property):
    seed = random.randrange(2**32)
    print(f"seed {seed}")
    random.seed(seed)
    server = Server(tmp_path, database_url).start()
    users = [Api(server).signed_up(timezone="UTC") for _ in range(3)]
    clients = [Client(users[i % len(users)], i) for i in range(CLIENTS)]

    proper, kills, applied, doubtful = 0, 0, 0, 0
    while proper < KILLS[backend]:
        kills += 1
        assert kills <= 2 * KILLS[backend], f"only {proper} of {kills} kills had enough in flight"
        lost, bells = kill_under_load(server, clients)
        kinds = collections.Counter(call.kind for _, call in lost)
        proper += kinds.total() >= WRITES_IN_FLIGHT and kinds["complete"] > 0 and bells > 0
        server.start()
        for client, call in lost:      # in doubt: the same call with the same key
            client.answered(send_again(server.address, call))
            doubtful += 1
            applied += call.replayed
    calls = sum(c.count for c in clients)
    print(f"{backend}: {kills} kills, {proper} with ≥ {WRITES_IN_FLIGHT} writes, a completion and a bell in flight; {calls} writes, "
          f"{doubtful} in doubt, of these {applied} had been stored")
    record_property("kills", proper)
    if kills >= 50:
        assert 0 < applied < doubtful, "kills both before and after the commit"

    for user in users:
        check(user.again(), [c for c in clients if c.api is user])
    server.stop()
    check_tables(server, database_url)


TODO = {"id": 1, "recurrence": None, "status": "active", "parent_task_id": None}
CREATED = {"sequence": 1, "task_id": 1, "event_type": "task.created", "actor": "user"}


@pytest.mark.parametrize(("what", "entries", "todos"), [
    ("sound", [CREATED], [TODO]), ("lost", [CREATED], []), ("changed", [CREATED], [TODO | {"status": "completed"}]), ("no entry", [], [TODO]),
    ("doubled entry", [CREATED, CREATED | {"sequence": 2}], [TODO]), ("gap", [CREATED | {"sequence": 2}], [TODO]),
    ("a bell", [CREATED, CREATED | {"sequence": 2, "event_type": "reminder.triggered"}], [TODO]),
    ("a task from nowhere", [CREATED, CREATED | {"sequence": 2, "task_id": 2}], [TODO, TODO | {"id": 2, "parent_task_id": 1}]),
    ("an event from nowhere", [CREATED, CREATED | {"sequence": 2, "task_id": 2}], [TODO]),
])
def test_the_proof_can_fail(what, entries, todos):
    if what == "sound":
        compare([Task(TODO)], entries, todos, collections.Counter())
        return
    with pytest.raises(AssertionError):
        compare([Task(TODO)], entries, todos, collections.Counter())
