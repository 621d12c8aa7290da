"""Tags, reminders, the audit log and undo over HTTP."""
import datetime as dt

import pytest

from carillon import wait_until

FAR = "2099-01-31T09:00:00Z"


def ahead(seconds):
    return (dt.datetime.now(dt.timezone.utc) + dt.timedelta(seconds=seconds)).isoformat(timespec="milliseconds")


# --- tags

def test_tags_are_counted(user):
    first = user.todo(tags=["home", "money"])
    user.todo(tags=["home"])
    user.post(f"/api/todos/{first['id']}/complete")
    tags = {t["name"]: t for t in user.get("/api/tags").json()["items"]}
    assert {k: tags["home"][k] for k in ("active", "completed", "total")} == {"active": 1, "completed": 1, "total": 2}
    assert {k: tags["money"][k] for k in ("active", "completed", "total")} == {"active": 0, "completed": 1, "total": 1}
    user.delete(f"/api/todos/{first['id']}")
    assert {t["name"]: t["total"] for t in user.get("/api/tags").json()["items"]} == {"home": 1, "money": 0}
    user.post(f"/api/todos/{first['id']}/restore")
    assert {t["name"]: t["total"] for t in user.get("/api/tags").json()["items"]} == {"home": 2, "money": 1}


def test_create_rename_merge_and_delete(user):
    answer = user.post("/api/tags", 201, json={"name": "Home"})
    home = answer.json()
    assert answer.headers["Location"] == f"/api/tags/{home['id']}"
    assert {k: home[k] for k in ("name", "active", "completed", "total")} == {"name": "Home", "active": 0, "completed": 0, "total": 0}
    user.post("/api/tags", 409, json={"name": "hOME"})
    todo = user.todo(tags=["home", "garden"])
    assert todo["tags"] == ["Home", "garden"]

    renamed = user.patch(f"/api/tags/{home['id']}", json={"name": "house"}).json()
    assert renamed["id"] == home["id"] and renamed["name"] == "house"
    assert user.get(f"/api/todos/{todo['id']}").json()["tags"] == ["house", "garden"]
    assert user.patch(f"/api/tags/{home['id']}", json={"name": "House"}).json()["name"] == "House", "another case of the same"

    garden = next(t for t in user.get("/api/tags").json()["items"] if t["name"] == "garden")
    merged = user.patch(f"/api/tags/{home['id']}", json={"name": "Garden"}).json()
    assert merged["id"] == garden["id"] and merged["total"] == 1
    assert [t.lower() for t in user.get(f"/api/todos/{todo['id']}").json()["tags"]] == ["garden"]
    user.patch(f"/api/tags/{home['id']}", 404, json={"name": "x"})

    user.delete(f"/api/tags/{garden['id']}")
    assert user.get(f"/api/todos/{todo['id']}").json()["tags"] == []
    assert user.get("/api/tags").json()["items"] == []
    events = [e["event_type"] for e in user.audit_when(5, task_id=todo["id"])]
    assert events[0] == "task.created" and set(events[1:]) == {"task.updated"}
    user.delete(f"/api/tags/{garden['id']}", 404)


# --- reminders

def test_a_bell_rings_once_and_stays_until_acknowledged(user):
    todo = user.todo(due_date=FAR, reminder_at=ahead(1.2))
    pending = user.get("/api/reminders?state=pending").json()["items"]
    waiting = wait_until(lambda: user.get("/api/reminders?state=pending").json()["items"], what="the pending reminder")
    assert not pending or pending == waiting
    assert [(r["task_id"], r["state"], r["fired_at"], r["late"]) for r in waiting] == [(todo["id"], "pending", None, False)]
    user.post(f"/api/reminders/{waiting[0]['id']}/acknowledge", 409)
    fired = wait_until(lambda: user.get("/api/reminders?state=fired").json()["items"], what="the bell")
    assert [(r["task_id"], r["title"], r["state"], r["late"], r["acknowledged_at"]) for r in fired] == [(todo["id"], todo["title"], "fired", False, None)]
    assert dt.datetime.fromisoformat(fired[0]["fired_at"]) >= dt.datetime.fromisoformat(fired[0]["fire_at"])
    assert user.get("/api/reminders?state=pending").json()["items"] == []
    user.post(f"/api/reminders/{fired[0]['id']}/acknowledge", 204)
    user.post(f"/api/reminders/{fired[0]['id']}/acknowledge", 204)
    assert user.get("/api/reminders").json()["items"] == []
    events = user.audit_when(3, task_id=todo["id"])
    assert [e["event_type"] for e in events] == ["task.created", "reminder.triggered", "reminder.acknowledged"]


def test_bells_follow_their_task(user):
    def pending():
        return [(r["task_id"], r["fire_at"]) for r in user.get("/api/reminders?state=pending").json()["items"]]

    default = user.todo("at the due time", due_date=FAR)
    silent = user.todo("never", due_date=FAR, remind=False)
    all_day = user.todo("in the morning", due_date="2099-07-01T10:00:00Z", all_day=True)
    user.todo("past", due_date="2020-01-01T00:00:00Z")
    wait_until(lambda: pending() == [(default["id"], FAR), (all_day["id"], "2099-07-01T07:00:00Z")], what="two bells, nine o'clock in Berlin")
    user.patch(f"/api/todos/{silent['id']}", json={"remind": True, "reminder_at": "2099-01-01T00:00:00Z"})
    user.patch(f"/api/todos/{default['id']}", json={"due_date": "2099-01-30T09:00:00Z"})
    user.post(f"/api/todos/{all_day['id']}/complete")
    wait_until(lambda: pending() == [(silent["id"], "2099-01-01T00:00:00Z"), (default["id"], "2099-01-30T09:00:00Z")], what="the bells to move")
    user.delete(f"/api/todos/{silent['id']}")
    user.patch(f"/api/todos/{default['id']}", json={"due_date": None})
    wait_until(lambda: pending() == [], what="no bells")


def test_snooze_may_go_past_the_due_date(user):
    todo = user.todo(due_date=ahead(1.0))
    wait_until(lambda: user.get("/api/reminders").json()["items"], what="the bell")
    until = ahead(1.5)
    snoozed = user.post(f"/api/todos/{todo['id']}/snooze", json={"until": until}).json()
    assert snoozed["due_date"] == todo["due_date"] and snoozed["version"] == todo["version"] + 1
    wait_until(lambda: [e["event_type"] for e in user.audit(task_id=todo["id"])].count("reminder.triggered") == 2, what="the second bell")
    events = [e["event_type"] for e in user.audit(task_id=todo["id"])]
    assert events == ["task.created", "reminder.triggered", "task.updated", "reminder.triggered"]
    refused = user.post(f"/api/todos/{todo['id']}/snooze", 422, json={"until": ahead(-5)})
    assert [e["field"] for e in refused.json()["errors"]] == ["until"]
    user.post(f"/api/todos/{todo['id']}/complete")
    user.post(f"/api/todos/{todo['id']}/snooze", 409, json={"until": ahead(60)})


def test_reminders_have_pages(user):
    for day in range(1, 8):
        user.todo(due_date=f"2099-01-0{day}T00:00:00Z")
    wait_until(lambda: len(user.get("/api/reminders?state=pending").json()["items"]) == 7, what="seven bells")
    seen, cursor = [], None
    while True:
        page = user.get("/api/reminders", params={"state": "pending", "limit": 3, **({"cursor": cursor} if cursor else {})}).json()
        seen += [r["fire_at"] for r in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert seen == sorted(seen) and len(set(seen)) == 7


# --- audit

def test_every_change_has_one_entry_in_order(user):
    todo = user.todo()
    path = f"/api/todos/{todo['id']}"
    user.patch(path, json={"title": "2"})
    user.post(path + "/complete")
    user.delete(path)
    user.post(path + "/restore")
    entries = user.audit_when(5)
    assert [e["event_type"] for e in entries] == ["task.created", "task.updated", "task.completed", "task.deleted", "task.restored"]
    assert [e["sequence"] for e in entries] == [1, 2, 3, 4, 5]
    assert [e["id"] for e in entries] == sorted(e["id"] for e in entries)
    assert {e["actor"] for e in entries} == {"user"}
    assert entries[0]["payload"]["todo"] == todo
    assert entries[3]["payload"]["todo"] is None


def test_audit_filters_and_pages(user):
    first, second = user.todo("a"), user.todo("b")
    for i in range(6):
        user.patch(f"/api/todos/{first['id']}", json={"title": f"a{i}"})
    entries = user.audit_when(8)
    assert [e["sequence"] for e in user.audit(limit=3)] == list(range(1, 9)), "Link walks all pages"
    assert len(user.get("/api/audit").json()) == 8
    newest = user.get("/api/audit?limit=1").json()
    assert newest[0]["sequence"] == 8
    assert [e["sequence"] for e in user.audit(task_id=second["id"])] == [2]
    assert [e["sequence"] for e in user.audit(event_type="task.created")] == [1, 2]
    assert [e["sequence"] for e in user.audit(after=entries[4]["created_at"])] == [e["sequence"] for e in entries if e["created_at"] > entries[4]["created_at"]]
    assert [e["sequence"] for e in user.audit(before=entries[4]["created_at"])] == [e["sequence"] for e in entries if e["created_at"] < entries[4]["created_at"]]
    assert user.audit(task_id=first["id"], event_type="task.completed") == []


def test_state_at_an_entry(user):
    todo = user.todo(tags=["a"], due_date=FAR)
    path = f"/api/todos/{todo['id']}"
    changed = user.patch(path, json={"title": "2", "tags": []}).json()
    done = user.post(path + "/complete").json()
    user.delete(path)
    entries = user.audit_when(4)
    states = [user.get(f"/api/audit/{e['id']}/state").json()["todo"] for e in entries]
    assert states == [todo, changed, done, None]


def test_revert(user):
    todo = user.todo("first", tags=["a", "b"], description="d", due_date=FAR)
    path = f"/api/todos/{todo['id']}"
    user.patch(path, json={"title": "second", "tags": ["c"], "description": None})
    user.patch(path, json={"priority": "high"})
    entries = user.audit_when(3)
    back = user.post(f"/api/audit/{entries[1]['id']}/revert").json()
    assert {k: back[k] for k in ("title", "tags", "description", "priority")} == {"title": "first", "tags": ["a", "b"], "description": "d", "priority": "medium"}
    assert back["version"] > 3
    assert user.audit_when(4)[3]["event_type"] == "task.updated"
    user.delete(path)
    deleted = user.audit_when(5)[4]
    assert deleted["event_type"] == "task.deleted"
    restored = user.post(f"/api/audit/{deleted['id']}/revert").json()
    assert restored["id"] == todo["id"] and restored["title"] == "first"
    assert user.get(path).json() == restored
    user.post(f"/api/audit/{entries[0]['id']}/revert", 409)
    assert user.get(path).json() == restored


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST"])
def test_the_log_has_no_way_to_be_changed(user, method):
    user.request(method, "/api/audit", 405)
