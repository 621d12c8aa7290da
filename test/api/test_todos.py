"""Tasks over HTTP: create, read, change, delete, their rules, and lists."""
import datetime as dt
import itertools

import pytest

from carillon import wait_until

FAR = "2099-01-31T09:00:00Z"


def soon(**delta):
    return (dt.datetime.now(dt.timezone.utc) + dt.timedelta(**delta)).isoformat(timespec="seconds").replace("+00:00", "Z")


def names(answer):
    return [e["field"] for e in answer.json()["errors"]]


def types(user, todo_id):
    """Types of a task's events so far, oldest first, once the log has caught up with the version."""
    return [e["event_type"] for e in user.audit(task_id=todo_id)]


# --- create

def test_a_task_has_the_documented_defaults(user):
    answer = user.post("/api/todos", 201, json={"title": "Water the fern"})
    todo = answer.json()
    assert answer.headers["Location"] == f"/api/todos/{todo['id']}"
    assert answer.headers["ETag"] == '"1"'
    expected = {"title": "Water the fern", "description": None, "status": "active", "priority": "medium", "due_date": None,
                "all_day": False, "reminder_at": None, "remind": True, "recurrence": None, "tags": [], "parent_task_id": None,
                "completed_at": None, "version": 1}
    assert {k: todo[k] for k in expected} == expected
    assert todo["created_at"] == todo["updated_at"]
    got = user.get(answer.headers["Location"])
    assert got.json() == todo and got.headers["ETag"] == '"1"'
    assert user.get(answer.headers["Location"] + "/").json() == todo


def test_all_fields_are_kept(user):
    body = {"title": "Größe 📏 مرحبا", "description": "two\nlines\tand a tab", "priority": "high", "due_date": "2099-01-31T09:00:00+01:00",
            "reminder_at": "2099-01-30T18:00:00.25+01:00", "remind": True, "tags": ["home", "Straße", "日本", "c-3"],
            "recurrence": {"rule": "monthly", "interval": 2, "end_date": "2100-12-31", "anchor": "completion", "catch_up": False,
                           "timezone": "Europe/Berlin"}}
    todo = user.post("/api/todos", 201, json=body).json()
    for field in ("title", "description", "priority", "tags"):
        assert todo[field] == body[field]
    assert todo["due_date"] == "2099-01-31T08:00:00Z"
    assert todo["reminder_at"] == "2099-01-30T17:00:00.25Z"
    assert {k: todo["recurrence"][k] for k in body["recurrence"]} == body["recurrence"]
    assert todo["recurrence"]["count"] is None


def test_texts_are_trimmed_and_cleared_when_blank(user):
    assert user.todo("  Fern \u2003")["title"] == "Fern"
    assert user.todo(description=" \n ")["description"] is None
    assert len(user.todo("é" * 200)["title"]) == 200
    assert user.todo("%_' \" \\ <b> ; DROP TABLE tasks; --")["title"] == "%_' \" \\ <b> ; DROP TABLE tasks; --"


def test_tags_are_one_whatever_their_case(user):
    assert user.todo(tags=["A", "a"])["tags"] == ["A"]
    assert user.todo(tags=["a"])["tags"] == ["A"], "spelled as it was first"
    assert user.todo(tags=["STRASSE", "straße"])["tags"] == ["STRASSE"]
    assert len(user.todo(tags=[f"t{i}" for i in range(10)])["tags"]) == 10


def test_reminder_rules(user):
    assert user.todo(reminder_at=FAR)["due_date"] == FAR, "a reminder alone sets the due date"
    assert user.todo(due_date=FAR)["reminder_at"] is None
    assert user.todo(due_date=soon(days=-3))["due_date"], "a due date in the past is allowed"
    after = user.post("/api/todos", 422, json={"title": "x", "due_date": FAR, "reminder_at": "2099-01-31T09:00:01Z"})
    assert names(after) == ["reminder_at"]
    past = user.post("/api/todos", 422, json={"title": "x", "due_date": FAR, "reminder_at": soon(seconds=-5)})
    assert names(past) == ["reminder_at"]
    queued = user.post("/api/todos", 201, json={"title": "x", "due_date": FAR, "reminder_at": soon(minutes=-5)},
                       headers={"Queued-At": soon(minutes=-10)}).json()
    assert queued["reminder_at"]


def test_all_day_is_the_end_of_the_users_day(user):
    todo = user.todo(due_date="2099-07-01T10:00:00+02:00", all_day=True)
    assert todo["due_date"] == "2099-07-01T21:59:00Z", "23:59 in Berlin"
    todo = user.todo(due_date="2099-07-01T23:30:00Z", all_day=True)
    assert todo["due_date"] == "2099-07-02T21:59:00Z", "already the next day in Berlin"


def test_recurrence_rules(user):
    missing = user.post("/api/todos", 422, json={"title": "x", "recurrence": {"rule": "daily"}})
    assert set(names(missing)) & {"due_date", "recurrence"}
    for recurrence in ({}, {"rule": "daily", "rrule": "FREQ=DAILY"}, {"interval": 2}, {"rrule": "FREQ=HOURLY"}, {"rrule": "FREQ=MINUTELY;COUNT=2"},
                       {"rrule": "nonsense"}, {"rrule": "FREQ=DAILY;INTERVAL=0"}, {"rule": "weekly", "by_weekday": ["1mo"]},
                       {"rule": "weekly", "by_month_day": [1]}, {"rule": "hourly"}, {"rrule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"},
                       {"rrule": "FREQ=DAILY;BYHOUR=1,2"}, {"rrule": "RRULE:FREQ=DAILY;FREQ=DAILY"}):
        answer = user.post("/api/todos", 422, json={"title": "x", "due_date": FAR, "recurrence": recurrence})
        assert all(n.startswith("recurrence") for n in names(answer)), f"{recurrence}: {answer.text}"
    for recurrence in ({"rule": "weekly", "by_weekday": ["mo", "fr"]}, {"rule": "monthly", "by_weekday": ["-1fr", "2tu"]},
                       {"rule": "monthly", "by_month_day": [-1, 15]}, {"rule": "yearly", "count": 3}, {"rrule": "FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=-1"}):
        todo = user.todo(due_date=FAR, recurrence=recurrence)
        assert user.put(f"/api/todos/{todo['id']}", json=todo).json()["version"] == 1, "canonical form is a fixed point"


def test_fields_that_are_not_part_of_create(user):
    for field, value in {"id": 1, "status": "active", "parent_task_id": 1, "created_at": FAR, "updated_at": FAR, "completed_at": None, "version": 1,
                         "user_id": "x"}.items():
        assert names(user.post("/api/todos", 422, json={"title": "x", field: value})) == [field]


# --- change

def test_patch_changes_what_it_names(user):
    todo = user.todo(description="old", tags=["a", "b"], due_date=FAR)
    path = f"/api/todos/{todo['id']}"
    answer = user.patch(path, json={"title": "New", "priority": "low"})
    assert answer.headers["ETag"] == '"2"'
    changed = answer.json()
    assert changed == todo | {"title": "New", "priority": "low", "version": 2, "updated_at": changed["updated_at"]}
    cleared = user.patch(path, json={"description": None, "due_date": None, "tags": []}).json()
    assert (cleared["description"], cleared["due_date"], cleared["tags"]) == (None, None, [])
    merge = user.patch(path, json={"title": "Merge"}, headers={"Content-Type": "application/merge-patch+json"}).json()
    assert merge["title"] == "Merge"


def test_nothing_changed_is_no_event(user):
    todo = user.todo(due_date=FAR, tags=["a"], recurrence={"rule": "weekly"})
    path = f"/api/todos/{todo['id']}"
    assert user.patch(path, json={}).json() == todo
    assert user.patch(path, json={"title": todo["title"], "tags": ["A"], "due_date": "2099-01-31T10:00:00+01:00"}).json() == todo
    assert user.put(path, json=todo).json() == todo
    user.patch(path, json={"priority": "low"})
    events = user.audit_when(2, task_id=todo["id"])
    assert [e["event_type"] for e in events] == ["task.created", "task.updated"]
    assert set(events[1]["payload"]["changes"]) == {"priority"}
    assert events[1]["payload"]["changes"]["priority"] == {"old": "medium", "new": "low"}


def test_read_only_fields(user):
    todo = user.todo()
    path = f"/api/todos/{todo['id']}"
    for field in ("id", "parent_task_id", "created_at", "updated_at", "completed_at", "version"):
        assert names(user.patch(path, 422, json={field: todo[field]})) == [field]
    replaced = user.put(path, json=todo | {"id": 5, "version": 77, "created_at": FAR, "title": "Put"}).json()
    assert (replaced["id"], replaced["version"], replaced["created_at"], replaced["title"]) == (todo["id"], 2, todo["created_at"], "Put")


def test_put_resets_what_is_absent(user):
    todo = user.todo(description="old", priority="high", due_date=FAR, tags=["a"])
    put = user.put(f"/api/todos/{todo['id']}", json={"title": "Only this"}).json()
    assert (put["description"], put["priority"], put["due_date"], put["tags"], put["title"]) == (None, "medium", None, [], "Only this")


def test_moving_the_due_date_moves_an_explicit_reminder(user):
    todo = user.todo(due_date="2099-01-31T09:00:00Z", reminder_at="2099-01-31T08:30:00Z")
    moved = user.patch(f"/api/todos/{todo['id']}", json={"due_date": "2099-02-10T12:00:00Z"}).json()
    assert moved["reminder_at"] == "2099-02-10T11:30:00Z"
    refused = user.patch(f"/api/todos/{todo['id']}", 422, json={"reminder_at": "2099-03-01T00:00:00Z"})
    assert names(refused) == ["reminder_at"]
    assert user.get(f"/api/todos/{todo['id']}").json() == moved


def test_etag_and_if_match(user):
    todo = user.todo()
    path = f"/api/todos/{todo['id']}"
    user.patch(path, json={"title": "2"}, headers={"If-Match": '"1"'})
    user.patch(path, 412, json={"title": "3"}, headers={"If-Match": '"1"'})
    user.patch(path, json={"title": "3"}, headers={"If-Match": "*"})
    user.put(path, 412, json={"title": "4"}, headers={"If-Match": '"2"'})
    user.post(path + "/complete", 412, headers={"If-Match": '"2"'})
    assert user.post(path + "/complete", headers={"If-Match": '"3"'}).headers["ETag"] == '"4"'
    user.delete(path, 412, headers={"If-Match": '"3"'})
    user.delete(path, headers={"If-Match": '"4"'})


def test_complete_and_reopen(user):
    todo = user.todo()
    path = f"/api/todos/{todo['id']}"
    done = user.post(path + "/complete").json()
    assert done["status"] == "completed" and done["completed_at"] and done["version"] == 2
    assert user.post(path + "/complete").json() == done, "twice is a no-op"
    again = user.post(path + "/reopen").json()
    assert again["status"] == "active" and again["completed_at"] is None
    assert user.post(path + "/reopen").json() == again
    assert [e["event_type"] for e in user.audit_when(3, task_id=todo["id"])] == ["task.created", "task.completed", "task.updated"]
    both = user.patch(path, json={"status": "completed", "title": "Both"}).json()
    assert both["status"] == "completed" and both["title"] == "Both"
    assert [e["event_type"] for e in user.audit_when(5, task_id=todo["id"])][3:] == ["task.updated", "task.completed"]
    assert user.patch(path, json={"status": "active"}).json()["status"] == "active"


def test_delete_and_restore(user):
    todo = user.todo(tags=["home"], due_date=FAR)
    path = f"/api/todos/{todo['id']}"
    user.delete(path)
    for method, suffix in (("GET", ""), ("DELETE", ""), ("POST", "/complete"), ("POST", "/reopen"), ("GET", "/occurrences")):
        user.request(method, path + suffix, 404)
    user.patch(path, 404, json={"title": "x"})
    assert user.all_todos() == []
    back = user.post(path + "/restore").json()
    assert {k: back[k] for k in ("id", "title", "tags", "due_date", "created_at")} == {k: todo[k] for k in ("id", "title", "tags", "due_date", "created_at")}
    assert user.post(path + "/restore").json() == back, "restoring what is there is a no-op"
    assert [e["event_type"] for e in user.audit_when(3, task_id=todo["id"])] == ["task.created", "task.deleted", "task.restored"]
    user.post("/api/todos/999999999999/restore", 404)


# --- series

def next_of(user, first, count=2):
    """The tasks of a series, oldest first, as soon as there are `count`."""
    def look():
        found = [t for t in user.all_todos() if t["id"] == first or t["parent_task_id"] == first]
        return sorted(found, key=lambda t: t["id"]) if len(found) >= count else None
    return wait_until(look, what=f"{count} occurrences of task {first}")


def test_completing_makes_the_next_occurrence_once(user):
    todo = user.todo("Pay rent", description="d", priority="high", tags=["home"], due_date="2099-01-31T08:00:00Z",
                     reminder_at="2099-01-30T20:00:00Z", recurrence={"rule": "monthly", "timezone": "Europe/Berlin"})
    path = f"/api/todos/{todo['id']}"
    assert user.get(path + "/occurrences?limit=3").json()["items"] == ["2099-02-28T08:00:00Z", "2099-03-31T07:00:00Z", "2099-04-30T07:00:00Z"]
    user.post(path + "/complete")
    _, second = next_of(user, todo["id"])
    assert second["due_date"] == "2099-02-28T08:00:00Z" and second["reminder_at"] == "2099-02-27T20:00:00Z"
    for field in ("title", "description", "priority", "tags", "recurrence"):
        assert second[field] == todo[field]
    assert second["parent_task_id"] == todo["id"] and second["status"] == "active" and second["version"] == 1
    user.post(f"/api/todos/{second['id']}/complete")
    third = next_of(user, todo["id"], 3)[2]
    assert third["due_date"] == "2099-03-31T07:00:00Z", "the 31st does not drift, and it is nine o'clock in Berlin"
    assert third["parent_task_id"] == todo["id"]
    created = [e for e in user.audit(event_type="task.created") if e["task_id"] == third["id"]]
    assert created[0]["actor"] == "recurring"


def test_reopen_takes_back_an_untouched_next_task_and_completing_again_makes_no_second(user):
    todo = user.todo(due_date=FAR, recurrence={"rule": "daily"})
    path = f"/api/todos/{todo['id']}"
    user.post(path + "/complete")
    next_of(user, todo["id"])
    user.post(path + "/reopen")
    wait_until(lambda: len(user.all_todos()) == 1, what="the untouched next task to go")
    user.post(path + "/complete")
    tasks = wait_until(lambda: (t := user.all_todos(status="active")) and t, what="the next occurrence after all")
    assert len(tasks) == 1
    user.patch(f"/api/todos/{tasks[0]['id']}", json={"title": "Touched"})
    user.post(path + "/reopen")
    user.post(path + "/complete")
    user.audit_when(4, task_id=todo["id"])
    assert len(user.all_todos()) == 2


def test_skip_moves_on_without_completing(user):
    todo = user.todo(due_date=FAR, recurrence={"rule": "weekly"})
    path = f"/api/todos/{todo['id']}"
    skipped = user.post(path + "/skip").json()
    assert skipped["due_date"] == "2099-02-07T09:00:00Z" and skipped["status"] == "active" and skipped["id"] == todo["id"]
    user.post(f"/api/todos/{user.todo()['id']}/skip", 409)
    last = user.todo(due_date=FAR, recurrence={"rule": "weekly", "count": 1})
    user.post(f"/api/todos/{last['id']}/skip", 409)


def test_the_series_ends_with_count_end_date_and_delete(user):
    counted = user.todo("counted", due_date=FAR, recurrence={"rule": "daily", "count": 2})
    user.post(f"/api/todos/{counted['id']}/complete")
    second = next_of(user, counted["id"])[1]
    user.post(f"/api/todos/{second['id']}/complete")
    ended = user.todo("ended", due_date=FAR, recurrence={"rule": "daily", "end_date": "2099-01-31"})
    user.post(f"/api/todos/{ended['id']}/complete")
    gone = user.todo("gone", due_date=FAR, recurrence={"rule": "daily"})
    user.delete(f"/api/todos/{gone['id']}")
    marker = user.todo("marker", due_date=FAR, recurrence={"rule": "daily"})
    user.post(f"/api/todos/{marker['id']}/complete")
    next_of(user, marker["id"])                 # the user's earlier events have been handled by now
    assert sorted(t["title"] for t in user.all_todos()) == ["counted", "counted", "ended", "marker", "marker"]


def test_a_series_that_ends_before_it_begins_is_refused(user):
    ends = {"rule": "daily", "timezone": "Asia/Tokyo", "end_date": "2099-01-31"}
    late = "2099-01-31T16:00:00Z"                # in Tokyo it is 1 February
    problem = user.post("/api/todos", 422, json={"title": "t", "due_date": late, "recurrence": ends}).json()
    assert problem["errors"] == [{"field": "recurrence.end_date", "message": "must not be before due_date"}]
    todo = user.todo(due_date="2099-01-31T14:00:00Z", recurrence=ends)
    path = f"/api/todos/{todo['id']}"
    user.patch(path, 422, json={"recurrence": ends | {"end_date": "2099-01-30"}})
    assert user.patch(path, json={"due_date": late}).json()["due_date"] == late, "the last one may be put off"


def test_preview(user):
    body = {"due_date": "2027-01-31T09:00:00+01:00", "recurrence": {"rule": "monthly", "timezone": "Europe/Berlin"}, "limit": 4}
    assert user.post("/api/recurrence/preview", json=body).json()["items"] == [
        "2027-01-31T08:00:00Z", "2027-02-28T08:00:00Z", "2027-03-31T07:00:00Z", "2027-04-30T07:00:00Z"]
    gap = {"due_date": "2027-03-27T02:30:00+01:00", "recurrence": {"rule": "daily", "timezone": "Europe/Berlin"}, "limit": 3}
    assert user.post("/api/recurrence/preview", json=gap).json()["items"] == [
        "2027-03-27T01:30:00Z", "2027-03-28T01:30:00Z", "2027-03-29T00:30:00Z"], "a time in the gap moves forward by the gap"
    rare = {"due_date": "2028-02-29T00:00:00Z", "recurrence": {"rule": "yearly", "interval": 1000}, "limit": 100}
    assert len(user.post("/api/recurrence/preview", json=rare).json()["items"]) == 8, "up to the year 9999"
    assert user.all_todos() == []


# --- batch

def test_batch_answers_each_command_for_itself_in_order(user, other):
    mine, theirs = user.todo("mine"), other.todo("theirs")
    results = user.post("/api/todos/batch", json={"commands": [
        {"op": "create", "todo": {"title": "new", "tags": ["b"]}}, {"op": "create", "todo": {"title": ""}},
        {"op": "update", "id": mine["id"], "todo": {"priority": "high"}}, {"op": "update", "id": theirs["id"], "todo": {"priority": "high"}},
        {"op": "complete", "id": mine["id"]}, {"op": "delete", "id": mine["id"]}, {"op": "delete", "id": mine["id"]},
        {"op": "complete", "id": theirs["id"]}, {"op": "delete", "id": theirs["id"]}]}).json()["results"]
    assert [r["status"] for r in results] == [201, 422, 200, 404, 200, 204, 404, 404, 404]
    assert results[0]["todo"]["title"] == "new" and results[2]["todo"]["priority"] == "high" and results[4]["todo"]["status"] == "completed"
    assert [e["field"] for e in results[1]["problem"]["errors"]] == ["commands.1.todo.title"]
    assert [t["title"] for t in user.all_todos()] == ["new"]
    assert other.get(f"/api/todos/{theirs['id']}").json() == theirs


def test_batch_of_a_hundred(user):
    results = user.post("/api/todos/batch", json={"commands": [{"op": "create", "todo": {"title": f"t{i}"}} for i in range(100)]}).json()["results"]
    assert [r["todo"]["title"] for r in results] == [f"t{i}" for i in range(100)]
    entries = user.audit_when(100)
    assert [e["sequence"] for e in entries] == list(range(1, 101))


# --- lists

@pytest.fixture(scope="module")
def shelf(server):
    """A user with 45 tasks of every sort."""
    from carillon import Api
    user = Api(server).signed_up()
    priorities, words = itertools.cycle(["low", "medium", "high"]), itertools.cycle(["Fern", "100% cotton", "snake_case", "Übung", "日本語"])
    commands = []
    for i in range(45):
        todo = {"title": f"{next(words)} {i}", "priority": next(priorities), "tags": ["odd"] if i % 2 else ["even", "all"]}
        if i % 3:
            todo["due_date"] = f"2099-01-{1 + i % 28:02}T00:00:00Z"
        commands.append({"op": "create", "todo": todo})
    user.post("/api/todos/batch", json={"commands": commands})
    for todo in user.all_todos()[::5]:
        user.post(f"/api/todos/{todo['id']}/complete")
    yield user
    user.close()


def test_first_page_and_its_figures(shelf):
    page = shelf.get("/api/todos").json()
    assert {k: page[k] for k in ("total", "page", "limit", "pages")} == {"total": 45, "page": 1, "limit": 20, "pages": 3}
    assert len(page["items"]) == 20 and page["next_cursor"]
    created = [dt.datetime.fromisoformat(t["created_at"]) for t in page["items"]]
    assert created == sorted(created, reverse=True), "newest first"
    beyond = shelf.get("/api/todos?page=9").json()
    assert beyond["items"] == [] and beyond["total"] == 45


@pytest.mark.parametrize("sort", ["created_at", "due_date", "priority", "title"])
@pytest.mark.parametrize("order", ["asc", "desc"])
def test_both_kinds_of_paging_give_the_same_list(shelf, sort, order):
    query = {"sort": sort, "order": order, "limit": 7}
    pages = [shelf.get("/api/todos", params={**query, "page": p}).json()["items"] for p in range(1, 8)]
    by_page = [t["id"] for page in pages for t in page]
    assert by_page == [t["id"] for t in shelf.all_todos(**query)]
    assert sorted(by_page) == sorted(set(by_page)) and len(by_page) == 45
    answer, linked = shelf.get("/api/todos", params=query), []
    while True:
        linked += [t["id"] for t in answer.json()["items"]]
        if "next" not in answer.links:
            break
        answer = shelf.get(answer.links["next"]["url"])
    assert linked == by_page
    todos = [t for page in pages for t in page]
    if sort == "priority":
        rank = [{"low": 1, "medium": 2, "high": 3}[t["priority"]] for t in todos]
        assert rank == sorted(rank, reverse=order == "desc")
    if sort == "due_date":
        dates = [t["due_date"] for t in todos]
        dated = [d for d in dates if d]
        assert dates[: len(dated)] == dated, "no due date comes last in either order"
        assert dated == sorted(dated, reverse=order == "desc")


def test_a_cursor_is_steady_while_the_list_changes(user):
    for i in range(10):
        user.todo(f"t{i}")
    page = user.get("/api/todos", params={"limit": 4, "sort": "created_at", "order": "asc"}).json()
    user.delete(f"/api/todos/{page['items'][0]['id']}")
    user.todo("late")
    rest = user.all_todos(limit=4, sort="created_at", order="asc", cursor=page["next_cursor"])
    assert [t["title"] for t in page["items"] + rest] == [f"t{i}" for i in range(10)] + ["late"]


@pytest.mark.parametrize(("query", "keep"), [
    ({"status": "active"}, lambda t: t["status"] == "active"), ({"status": "completed"}, lambda t: t["status"] == "completed"),
    ({"status": "all"}, lambda t: True), ({"priority": "high"}, lambda t: t["priority"] == "high"),
    ({"tag": "odd"}, lambda t: "odd" in t["tags"]), ({"tag": "EVEN"}, lambda t: "even" in t["tags"]), ({"tag": "none"}, lambda t: False),
    ({"due_before": "2099-01-10T00:00:00Z"}, lambda t: t["due_date"] and t["due_date"] < "2099-01-10T00:00:00Z"),
    ({"due_after": "2099-01-10T01:00:00+01:00"}, lambda t: t["due_date"] and t["due_date"] > "2099-01-10T00:00:00Z"),
    ({"due_after": "2099-01-05T00:00:00Z", "due_before": "2099-01-10T00:00:00Z"}, lambda t: t["due_date"] and "2099-01-05T00:00:00Z" < t["due_date"] < "2099-01-10T00:00:00Z"),
    ({"search": "fern"}, lambda t: "Fern" in t["title"]), ({"search": "ER"}, lambda t: "er" in t["title"].lower()),
    ({"search": "%"}, lambda t: "%" in t["title"]), ({"search": "_"}, lambda t: "_" in t["title"]), ({"search": "0% c"}, lambda t: "0% c" in t["title"]),
    ({"search": "übung"}, lambda t: "Übung" in t["title"]), ({"search": "本"}, lambda t: "本" in t["title"]), ({"search": "7"}, lambda t: "7" in t["title"]),
    ({"search": "'"}, lambda t: False), ({"search": '"'}, lambda t: False), ({"search": "\\"}, lambda t: False),
    ({"search": "e", "priority": "low", "status": "active", "tag": "odd"},
     lambda t: "e" in t["title"].lower() and t["priority"] == "low" and t["status"] == "active" and "odd" in t["tags"]),
], ids=str)
def test_filters(shelf, query, keep):
    expected = {t["id"] for t in shelf.all_todos() if keep(t)}
    page = shelf.get("/api/todos", params={**query, "limit": 100}).json()
    assert {t["id"] for t in page["items"]} == expected
    assert page["total"] == len(expected) and not page.get("total_capped")
    assert {t["id"] for t in shelf.all_todos(**query, limit=3)} == expected


def test_page_and_cursor_together_are_refused(shelf):
    cursor = shelf.get("/api/todos").json()["next_cursor"]
    answer = shelf.get("/api/todos", 422, params={"cursor": cursor, "page": 2})
    assert set(names(answer)) & {"page", "cursor"}
    for broken in (cursor[:-3], cursor[::-1], "AAAA", cursor + "A"):
        assert names(shelf.get("/api/todos", 422, params={"cursor": broken})) == ["cursor"], broken
    assert names(shelf.get("/api/todos", 422, params={"cursor": cursor, "sort": "title"})) == ["cursor"], "of another sort"


def test_totals_are_capped_where_they_cannot_be_counted_cheaply(server):
    from carillon import Api
    user = Api(server).signed_up()
    for _ in range(11):
        user.post("/api/todos/batch", json={"commands": [{"op": "create", "todo": {"title": "many"}} for _ in range(100)]})
    assert user.get("/api/todos").json()["total"] == 1100, "from counters"
    assert "total_capped" not in user.get("/api/todos?status=active").json()
    searched = user.get("/api/todos", params={"search": "many"}).json()
    assert searched["total"] == 1000 and searched["total_capped"] is True
    user.close()
