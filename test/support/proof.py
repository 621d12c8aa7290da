"""What is acknowledged must be true: random writes under load that remember every answer, and the proof that compares them with
what there is in the end."""
import collections
import datetime as dt
import random
import sqlite3
import time

import psycopg

from carillon import wait_until
from load import Call


def rfc3339(seconds):
    return dt.datetime.fromtimestamp(seconds, dt.timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Task:
    """What must be true of one task, from the calls that were answered."""

    def __init__(self, todo, bell_at=None):
        self.id = todo["id"]
        self.todo = todo
        self.recurring = todo["recurrence"] is not None
        self.events = ["task.created"]
        self.bell_at = bell_at        # when its bell must ring; None: it must not

    @property
    def is_followed(self):
        return self.recurring and "task.completed" in self.events


class Client:
    """Writes for one user; each client has its own tasks, so that what is expected of them does not depend on the others."""

    def __init__(self, api, number, bells=(0.05, 0.6)):
        self.api = api
        self.number = number
        self.bells = bells            # a bell rings so many seconds ahead
        self.tasks = {}
        self.to_complete = []
        self.count = 0

    def next_call(self):
        self.count += 1
        what = random.random()
        if what < 0.25 and self.to_complete:
            task = self.tasks[self.to_complete.pop()]
            return Call("complete", "POST", f"/api/todos/{task.id}/complete", self.api.token, task=task.id)
        if what < 0.35 and self.tasks:
            task = random.choice(list(self.tasks.values()))
            title = f"changed by {self.number}.{self.count}"
            return Call("update", "PATCH", f"/api/todos/{task.id}", self.api.token, {"title": title}, task=task.id, title=title)
        if what < 0.55:
            bell = round(time.time() + random.uniform(*self.bells), 3)
            body = {"title": f"bell {self.number}.{self.count}", "due_date": rfc3339(time.time() + 9e6), "reminder_at": rfc3339(bell)}
            return Call("bell", "POST", "/api/todos", self.api.token, body, bell=bell)
        body = {"title": f"task {self.number}.{self.count}", "tags": [f"tag{self.count % 7}"]}
        if what < 0.85:
            body |= {"due_date": rfc3339(time.time() + 9e6), "recurrence": {"rule": "daily"}}
        return Call("create", "POST", "/api/todos", self.api.token, body)

    def answered(self, call):
        if call.kind in ("create", "bell"):
            assert call.status == 201, call.answer
            bell = call.facts.get("bell")
            # Stored only after its time (sent again after a kill): accepted as a change queued offline, and silent.
            silent = bell and dt.datetime.fromisoformat(call.answer["created_at"]).timestamp() > bell
            task = Task(call.answer, None if silent else bell)
            self.tasks[task.id] = task
            if task.recurring:
                self.to_complete.append(task.id)
            return
        assert call.status == 200, call.answer
        task = self.tasks[call.facts["task"]]
        task.todo = call.answer
        task.events.append({"complete": "task.completed", "update": "task.updated"}[call.kind])


def check(user, clients, timeout=30):
    """Everything of one user, against what was acknowledged. Returns the user's last sequence."""
    tasks = [task for client in clients for task in client.tasks.values()]
    expected = sum(len(t.events) + (t.bell_at is not None) + t.is_followed for t in tasks)
    time.sleep(max(0.0, max((t.bell_at for t in tasks if t.bell_at), default=0) + 0.5 - time.time()))

    def settled():
        with user.live() as live:
            head = live.ready()["sequence"]
        # The newest entry may be there before older ones, which came through another topic.
        return head == read_audit_head(user) >= expected and len(read_all_audit(user)) == head

    def now():
        return read_all_audit(user), read_all_todos(user), collections.Counter(r["task_id"] for r in read_all_reminders(user))

    try:
        wait_until(settled, timeout, f"the log to have all {expected} events")
    except AssertionError:
        compare(tasks, *now())         # says which of them is missing
        raise
    compare(tasks, *now())
    return expected


def compare(tasks, entries, todos, pending):
    """`tasks` is what was acknowledged; `entries`, `todos` and `pending` (bells by task) is what there is."""
    for position, entry in enumerate(entries, 1):
        assert entry["sequence"] == position, f"the log's entry {position} has the sequence {entry['sequence']}: one lost, doubled or out of order"
    of_task = collections.defaultdict(list)
    for entry in entries:
        of_task[entry["task_id"]].append(entry)
    left = {t["id"]: t for t in todos}
    assert len(left) == len(todos)
    following = collections.Counter(t["parent_task_id"] for t in todos if t["parent_task_id"])

    for task in tasks:
        types = [e["event_type"] for e in of_task.pop(task.id, [])]
        assert [t for t in types if t.startswith("task.")] == task.events, f"events of task {task.id}"
        assert types.count("reminder.triggered") == (1 if task.bell_at else 0), f"bell of task {task.id}: {types}"
        assert left.pop(task.id, None) == task.todo, f"task {task.id} is not as it was acknowledged"
        assert following[task.id] == (1 if task.is_followed else 0), f"next occurrence of task {task.id}"
        waits = task.recurring and not task.is_followed
        assert pending[task.id] == (1 if waits else 0), f"pending bell of task {task.id}"
    followed = {t.id for t in tasks if t.is_followed}
    for todo in left.values():         # only next occurrences are left
        assert todo["parent_task_id"] in followed, todo
        assert [(e["event_type"], e["actor"]) for e in of_task.pop(todo["id"], [])] == [("task.created", "recurring")]
        assert pending[todo["id"]] == 1
    assert not of_task, f"events of tasks that are not there: {list(of_task)[:5]}"


# --- reading tens of thousands of answers: each page is checked by the API tests, here only the contents count

def read_pages(user, path, items):
    while path:
        answer = user.http.get(path, headers={"Authorization": f"Bearer {user.token}"})
        assert answer.status_code == 200, answer.text
        yield from items(answer.json())
        path = answer.links.get("next", {}).get("url")


def read_all_audit(user):
    return list(read_pages(user, "/api/audit?limit=200", lambda page: page))[::-1]


def read_audit_head(user):
    newest = user.get("/api/audit?limit=1").json()
    return newest[0]["sequence"] if newest else 0


def read_all_todos(user):
    return list(read_pages(user, "/api/todos?limit=100&sort=created_at&order=asc", lambda page: page["items"]))


def read_all_reminders(user):
    return list(read_pages(user, "/api/reminders?state=pending&limit=100", lambda page: page["items"]))


def check_tables(server, database_url, timeout=30):
    """What no call shows: every event published once and handled by every subscriber, nothing dead."""
    connection = psycopg.connect(database_url, autocommit=True) if database_url else sqlite3.connect(
        f"file:{server.directory}/carillon.db?mode=ro", uri=True)
    cursor = connection.cursor()

    def one(sql):
        cursor.execute(sql)
        return cursor.fetchone()[0]

    wait_until(lambda: one("SELECT count(*) FROM outbox WHERE published_at IS NULL") == 0, timeout, "the outbox to be published")
    wait_until(lambda: one("SELECT count(*) FROM inbox WHERE handled_at IS NULL") == 0, timeout, "the inbox to be handled")
    assert one("SELECT count(*) FROM dead_letters") == 0
    # Of a deleted account the log stays, and the number of its last entry; its outbox goes.
    kept = "SELECT count(*) FROM task_events WHERE user_id IN (SELECT id FROM users WHERE deleted_at IS NULL)"
    assert one("SELECT count(*) FROM outbox") == one(kept), "one entry for each event"
    assert one("SELECT count(*) FROM outbox") == one("SELECT count(DISTINCT id) FROM outbox")
    assert one("SELECT count(*) FROM outbox o JOIN task_events e ON e.user_id = o.user_id AND e.sequence = o.sequence") == one("SELECT count(*) FROM outbox")
    assert one("SELECT count(*) FROM users WHERE deleted_at IS NULL AND sequence <> (SELECT count(*) FROM outbox WHERE outbox.user_id = users.id)") == 0
    connection.close()
