"""Tables divided by user (deploy/postgres/partition-by-user.sql): the same product, and a user's requests stay in the user's partition."""
import subprocess

import psycopg
import pytest

from carillon import Api, Postgres, Server
from contract import ROOT
from story import tell

PARTITIONS = 8
# What a request reads and writes. The relay, the ringer and the log's appender look over all users, by their own indexes.
OF_A_REQUEST = ("tasks", "task_tags", "task_counts", "tags", "series", "views", "recurring_successors", "idempotency")


def divide(url):
    subprocess.run(["psql", url, "-q", "-v", "ON_ERROR_STOP=1", "-v", f"partitions={PARTITIONS}", "-f", ROOT / "deploy/postgres/partition-by-user.sql"],
                   check=True, capture_output=True, text=True)


def scanned(url):
    """The partitions of each table that statements have looked into, as far as sessions that have ended have told."""
    with psycopg.connect(url) as connection:
        rows = connection.execute("SELECT regexp_replace(relname, '_[0-9]+$', ''), relname FROM pg_stat_user_tables"
                                  " WHERE relname ~ '_[0-9]+$' AND coalesce(seq_scan, 0) + coalesce(idx_scan, 0) > 0").fetchall()
    found = {}
    for table, partition in rows:
        found.setdefault(table, set()).add(partition)
    return found


def use(user):
    """Each kind of request once."""
    todo = user.todo("Water the fern", due_date="2099-01-31T08:00:00Z", recurrence={"rule": "monthly"}, tags=["home"])
    path = f"/api/todos/{todo['id']}"
    user.patch(path, json={"priority": "high", "tags": ["home", "green"]})
    for query in ("", "?status=active&sort=due_date", "?tag=home", "?priority=high", "?search=fern", "?due_after=2098-01-01T00:00:00Z", "?sort=title"):
        assert user.get(f"/api/todos{query}").json()["items"]
    user.get(path)
    user.get(f"{path}/occurrences")
    user.post(f"{path}/skip")
    user.post(f"{path}/complete")
    user.post(f"{path}/reopen")
    user.delete(path)
    user.post(f"{path}/restore")
    user.post("/api/todos/batch", json={"commands": [{"op": "create", "todo": {"title": "Feed it"}}]}, headers={"Idempotency-Key": "once"})
    tag = user.get("/api/tags").json()["items"][0]
    user.patch(f"/api/tags/{tag['id']}", json={"name": "house"})
    user.post("/api/views", 201, json={"name": "House", "query": "tag=house"})
    user.post("/api/chat", json={"message": "what is due?"})
    user.get("/api/export")


@pytest.fixture
def database():
    made = Postgres()
    yield made
    made.drop()


def test_rows_are_kept_and_the_story_is_the_same(tmp_path, database):
    server = Server(tmp_path, database.url).start()
    before = Api(server).signed_up()
    for n in range(5):
        before.todo(f"Before {n}", tags=["old"], due_date="2099-01-31T08:00:00Z")
    kept = before.all_todos(), before.audit_when(5), before.get("/api/reminders?state=pending").json(), before.get("/api/tags").json()
    server.stop()
    divide(database.url)
    divide(database.url)  # again: nothing to do
    server.start()
    before = before.again()
    assert (before.all_todos(), before.audit_when(5), before.get("/api/reminders?state=pending").json(), before.get("/api/tags").json()) == kept
    user, stranger = Api(server).signed_up(timezone="UTC"), Api(server).signed_up(name="Grace")
    tell(user, stranger, [user.live(), user.live(query=True)], stranger.live())
    before.todo("Afterwards")
    before.audit_when(6)
    server.stop()


def test_a_request_stays_in_its_users_partition(tmp_path, database):
    server = Server(tmp_path, database.url).start()
    server.stop()
    divide(database.url)
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute("SELECT pg_stat_reset()")
    server.start()
    user = Api(server).signed_up()
    use(user)
    user.audit_when(9)
    server.stop()  # its sessions end, and tell what they did
    found = scanned(database.url)
    assert set(OF_A_REQUEST) <= set(found), "each was used"
    assert {table: found[table] for table in OF_A_REQUEST if len(found[table]) > 1} == {}
    with psycopg.connect(database.url) as connection:
        connection.execute("SELECT count(*) FROM tasks WHERE id = 1")
    assert len(scanned(database.url)["tasks"]) == PARTITIONS, "a statement without the user is seen"
