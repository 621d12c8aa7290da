"""The main job, once through: clients of one user, a recurring task with a bell, its next occurrence; and a stranger who sees nothing."""
import dataclasses
import datetime as dt
import time

from carillon import wait_until


def at(seconds_ahead):
    return dt.datetime.now(dt.timezone.utc) + dt.timedelta(seconds=seconds_ahead)


def rfc3339(moment):
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse(text):
    return dt.datetime.fromisoformat(text)


@dataclasses.dataclass
class Told:
    """What there is when the story has been told: the completed task, the next one, the log, the bells heard and to come."""
    done: dict
    following: dict
    entries: list
    unseen: list
    pending: list


def tell(user, stranger, lives, strange):
    """`lives` are two clients of the user, `strange` one of the stranger, all just connected to an account without events."""
    laptop, phone = lives
    for live in (laptop, phone, strange):
        assert live.ready() == {"type": "ready", "sequence": 0}

    # A recurring task with a bell a few seconds ahead, and tags: the other client sees it.
    due, bell = at(3600), at(2.5)
    todo = user.todo("Water the fern", due_date=rfc3339(due), reminder_at=rfc3339(bell), recurrence={"rule": "daily"}, tags=["home", "plants"])
    seen = phone.wait_event("task.created", todo["id"])
    assert seen["data"]["todo"] == todo and seen == laptop.wait_event("task.created", todo["id"])

    # The bell rings at its time, on both.
    for live in (laptop, phone):
        live.wait_event("reminder.triggered", todo["id"])
    bell = parse(todo["reminder_at"])  # as the server was told it, to the millisecond
    late = time.time() - bell.timestamp()
    rung = phone.wait_event("reminder.triggered", todo["id"])
    triggered = parse(rung["time"]).timestamp() - bell.timestamp()
    # The promise is 50 ms on a quiet machine, which is the benchmark's to show; here only that it is not early.
    assert 0 <= triggered <= late, f"triggered {triggered:.3f} s, seen {late:.3f} s after its time"
    unseen = user.get("/api/reminders").json()["items"]
    assert [(r["task_id"], r["late"]) for r in unseen] == [(todo["id"], False)]

    # Completed: the next occurrence appears, with the next due date and its own reminder, without asking.
    done = user.post(f"/api/todos/{todo['id']}/complete").json()
    appeared = laptop.wait(lambda s: next((e for e in s.events if e["type"] == "task.created" and e["subject"] != str(todo["id"])), None))
    following = appeared["data"]["todo"]
    assert parse(following["due_date"]) - parse(todo["due_date"]) == dt.timedelta(days=1)
    assert parse(following["reminder_at"]) - parse(todo["reminder_at"]) == dt.timedelta(days=1)
    assert (following["title"], following["tags"], following["parent_task_id"]) == (todo["title"], todo["tags"], todo["id"])
    assert user.get(f"/api/todos/{following['id']}").json() == following
    pending = wait_until(lambda: user.get("/api/reminders?state=pending").json()["items"], what="the next bell")
    assert [(r["task_id"], r["fire_at"]) for r in pending] == [(following["id"], following["reminder_at"])]

    # The log has every event, in order; a second user sees none of it.
    story = [("task.created", todo["id"], "user"), ("reminder.triggered", todo["id"], "reminder"), ("task.completed", todo["id"], "user"),
             ("task.created", following["id"], "recurring")]
    entries = user.audit_when(len(story))
    assert [(e["event_type"], e["task_id"], e["actor"]) for e in entries] == story
    assert [e["sequence"] for e in entries] == [1, 2, 3, 4]
    for live in (laptop, phone):
        live.wait(lambda s: len(s.events) == 4, what="all four events")
        assert [e["data"] for e in live.events] == [e["payload"] for e in entries]
    assert strange.events == [] and stranger.audit() == [] and stranger.all_todos() == [] and stranger.get("/api/tags").json()["items"] == []
    assert stranger.get("/api/reminders?state=pending").json()["items"] == []
    return Told(done, following, entries, unseen, pending)
