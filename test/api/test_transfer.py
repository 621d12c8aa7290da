"""Import and export over HTTP: what is sound is taken once, everything else is listed with its line."""
import json

import pytest

from carillon import Api, wait_until

CALENDAR = """BEGIN:VCALENDAR\r
VERSION:2.0\r
BEGIN:VTODO\r
UID:one@example.org\r
SUMMARY:Water the fern\r
END:VTODO\r
BEGIN:VTODO\r
UID:two@example.org\r
SUMMARY:Pay rent\r
DUE:20990131T090000Z\r
RRULE:FREQ=MONTHLY\r
END:VTODO\r
BEGIN:VTODO\r
UID:three@example.org\r
SUMMARY:Too often\r
DUE:20990131T090000Z\r
RRULE:FREQ=HOURLY\r
END:VTODO\r
END:VCALENDAR\r
"""
LIST = "# Errands\n\n- [ ] Buy milk\n- [x] Water the fern\n- not a task\n\n```\n- [ ] an example\n```\n- [ ]\n"


def bring_in(api, content, media="text/calendar", expect=200, headers=None, **query):
    return api.post("/api/import", expect, content=content.encode() if isinstance(content, str) else content, params=query,
                    headers={"Content-Type": media, **(headers or {})})


def test_a_calendar_comes_in_once(user):
    first = bring_in(user, CALENDAR).json()
    assert (first["added"], first["known"], first["dry_run"]) == (3, 0, False)
    assert [i["title"] for i in first["items"]] == ["Water the fern", "Pay rent", "Too often"]
    assert [i["line"] for i in first["items"]] == [3, 7, 13]
    assert first["broken"] == len(first["problems"]) == 1 and first["problems"][0]["line"] in range(13, 19)
    titles = {t["title"]: t for t in user.all_todos()}
    assert titles["Pay rent"]["recurrence"] and not titles["Too often"]["recurrence"]
    again = bring_in(user, CALENDAR).json()
    assert (again["added"], again["known"]) == (0, 3) and {i["outcome"] for i in again["items"]} == {"known"}
    assert len(user.all_todos()) == 3
    assert {e["actor"] for e in user.audit_when(3)} == {"import"}


def test_a_dry_run_says_the_same_and_stores_nothing(user):
    dry = bring_in(user, LIST, "text/markdown; charset=utf-8", dry_run="true", file_name="errands.md").json()
    assert (dry["added"], dry["known"], dry["dry_run"]) == (2, 0, True)
    assert user.all_todos() == [] and user.audit() == []
    wet = bring_in(user, LIST, "text/markdown", dry_run="false", file_name="errands.md").json()
    assert wet == dry | {"dry_run": False}
    assert [p["line"] for p in wet["problems"]] == [10]
    done = {t["title"]: t["status"] for t in user.all_todos()}
    assert done == {"Buy milk": "active", "Water the fern": "completed"}
    assert bring_in(user, LIST, "text/markdown", dry_run="true", file_name="errands.md").json()["known"] == 2
    assert bring_in(user, LIST, "text/markdown", file_name="other.md").json()["added"] == 2, "another file is another list"


def test_export_and_import_round_trip_to_another_account(user, other):
    user.todo("Pay rent", description="two\nlines", priority="high", due_date="2099-01-31T08:00:00Z", recurrence={"rule": "monthly"}, tags=["home"])
    user.post(f"/api/todos/{user.todo('Done', tags=['x'])['id']}/complete")
    for form, media in (("json", "application/json"), ("ical", "text/calendar")):
        answer = user.get("/api/export", params={"format": form})
        assert answer.headers["content-type"].startswith(media) and "attachment" in answer.headers["content-disposition"]
        assert bring_in(other, answer.content, media).json()["added"] == (2 if form == "json" else 0), "the same names in both forms"
        assert bring_in(user, answer.content, media).json()["known"] == 2, "it knows its own"
    assert user.get("/api/export").json() == user.get("/api/export", params={"format": "json"}).json()
    theirs = {t["title"]: t for t in other.all_todos()}
    assert theirs["Pay rent"]["priority"] == "high" and theirs["Pay rent"]["description"] == "two\nlines" and theirs["Done"]["status"] == "completed"
    assert other.get("/api/export").json()["tasks"] == user.get("/api/export").json()["tasks"], "a fixed point"


def test_a_repeat_with_the_same_key_is_answered_from_the_record(user):
    key = {"Idempotency-Key": "import-1"}
    first = bring_in(user, LIST, "text/markdown", headers=key)
    again = bring_in(user, LIST, "text/markdown", headers=key)
    assert again.json() == first.json() and again.headers["Idempotency-Replayed"] == "true"
    bring_in(user, LIST + "- [ ] more\n", "text/markdown", 422, headers=key)
    bring_in(user, LIST, "text/markdown", 422, headers=key, dry_run="true")
    assert len(user.all_todos()) == 2


def test_a_large_list_comes_in_whole(user):
    many = "".join(f"- [ ] task {i} {'x' * 400}\n" for i in range(4000))
    assert len(many) > 1024 * 1024
    report = bring_in(user, many, "text/markdown").json()
    assert report["added"] == 4000 and len(report["items"]) == 500 and report["broken"] == 4000, "each title was cut"
    assert user.get("/api/todos").json()["total"] == 4000
    bring_in(user, "- [ ] one\n" * 10_001, "text/markdown", 413)
    bring_in(user, b"x" * (16 * 1024 * 1024 + 1), "text/markdown", 413)
    user.post("/api/todos", 413, content=b'{"title":"' + b"x" * (1024 * 1024) + b'"}')
    assert user.get("/api/todos").json()["total"] == 4000


@pytest.mark.parametrize(("media", "content", "status"), [
    ("text/plain", "x", 415), ("application/xml", "x", 415), ("", "x", 415), ("application/merge-patch+json", "{}", 415),
    ("text/calendar", "", 400), ("text/markdown", "", 400), ("application/json", "", 400), ("application/json", "{", 400),
    ("application/json", "[]", 422), ("application/json", '{"tasks":[],"tasks":[]}', 422),
])
def test_what_is_no_list_is_refused(user, media, content, status):
    bring_in(user, content, media, status)
    assert user.all_todos() == []


@pytest.mark.parametrize(("media", "content"), [
    ("text/calendar", "nothing of the kind"), ("text/calendar", "\0\xff\xfe"), ("text/calendar", "BEGIN:VCALENDAR\r\n" * 200),
    ("application/json", "{}"), ("application/json", '{"carillon":1,"tasks":[null,1,[],{},{"uid":""},{"uid":"x"},{"uid":"y","title":5}]}'),
    ("application/json", '{"carillon":1,"tasks":[{"uid":"x","title":"t","surprise":1}]}'),
])
def test_what_is_broken_is_listed_and_adds_nothing(user, media, content):
    report = bring_in(user, content.encode("latin-1"), media).json()
    assert report["added"] == 0 and user.all_todos() == []
    if media == "application/json":
        assert report["broken"] == len(report["problems"]) > 0


def test_every_entry_that_cannot_be_kept_is_named(user):
    tasks = [{"uid": "a", "title": "fine"}, {"uid": "b", "title": ""}, {"uid": "c", "title": "t", "due_date": "2027-02-30T00:00:00Z"},
             {"uid": "d", "title": "t", "recurrence": {"rule": "hourly"}, "due_date": "2027-01-01T00:00:00Z"},
             {"uid": "e", "title": "t", "tags": ["a b"]}, {"uid": "f", "title": "repeats without a day", "recurrence": {"rule": "daily"}}]
    report = bring_in(user, json.dumps({"carillon": 1, "tasks": tasks}), "application/json").json()
    assert report["added"] == 1 and [p["line"] for p in report["problems"]] == [2, 3, 4, 5, 6]
    assert [i["outcome"] for i in report["items"]] == ["added", "refused"]
    assert [t["title"] for t in user.all_todos()] == ["fine"]


def test_an_import_that_is_refused_leaves_the_connection_and_the_list_alone(server):
    nobody = Api(server)
    nobody.post("/api/import", 401, content=b"x" * 100_000, headers={"Content-Type": "text/markdown"})
    nobody.close()


def test_events_of_an_import_reach_live_sync(user):
    with user.live() as live:
        live.ready()
        bring_in(user, CALENDAR)
        wait_until(lambda: len(live.events) == 3, what="three events")
        assert {e["type"] for e in live.events} == {"task.created"} and {e["actor"] for e in live.events} == {"import"}
