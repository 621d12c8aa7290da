"""The list and each task as they were at any time, from the log; proofs of the log through the API."""
import itertools

import pytest

from carillon import wait_until

FILTERS = [{}, {"status": "active"}, {"status": "completed"}, {"priority": "high"}, {"tag": "HOME"}, {"search": "fern"}, {"search": "ß"}, {"search": "%"},
           {"due_before": "2099-02-01T00:00:00Z"}, {"due_after": "2099-01-10T00:00:00Z"}, {"tag": "work", "status": "active", "search": "e"}]
ORDERS = [{"sort": sort, "order": order} for sort in ("created_at", "due_date", "priority", "title") for order in ("asc", "desc")]


def pages(user, **query):
    """Every page's items through the cursor, with the totals."""
    seen, totals, cursor = [], set(), {}
    while True:
        page = user.get("/api/todos", params={**query, **cursor}).json()
        seen += page["items"]
        totals.add((page["total"], page["pages"]))
        if not page["next_cursor"]:
            return seen, totals
        cursor = {"cursor": page["next_cursor"]}


def test_the_list_is_as_it_was_in_every_filter_and_order(user):
    for i in range(12):
        user.todo(f"{'Fern' if i % 2 else 'straße'} {i % 5}", priority=["low", "medium", "high"][i % 3], tags=[["home"], ["Work", "home"], []][i % 3],
                  **({"due_date": f"2099-01-{1 + i * 2:02}T08:00:00Z"} if i % 4 else {}))
    todos = user.all_todos()
    user.post(f"/api/todos/{todos[3]['id']}/complete")
    user.delete(f"/api/todos/{todos[5]['id']}")
    newest = user.audit_when(14)[-1]["created_at"]
    queries = [{**f, **o, "limit": 3} for f, o in itertools.product(FILTERS, ORDERS)]
    then = [pages(user, **q) for q in queries]
    numbered = user.get("/api/todos?page=2&limit=5&sort=title").json()

    # Everything changes afterwards.
    for todo in user.all_todos():
        user.patch(f"/api/todos/{todo['id']}", json={"title": "changed", "tags": ["other"], "priority": "low", "due_date": None})
    user.todo("new")
    user.post(f"/api/todos/{todos[5]['id']}/restore")
    user.delete(f"/api/todos/{todos[0]['id']}")
    user.audit_when(14 + 11 + 3)
    for query, expected in zip(queries, then):
        assert pages(user, at=newest, **query) == expected, query
    past = user.get(f"/api/todos?page=2&limit=5&sort=title&at={newest}").json()
    assert past == numbered
    assert user.get(f"/api/todos?page=100&at={newest}").json()["items"] == []


def test_a_task_is_as_it_was(user, other):
    first = user.todo("first", tags=["a"])
    path = f"/api/todos/{first['id']}"
    second = user.patch(path, json={"title": "second"}).json()
    user.delete(path)
    made, changed, deleted = (e["created_at"] for e in user.audit_when(3))
    answer = user.get(f"{path}?at={made}")
    assert answer.json() == first and answer.headers["ETag"] == '"1"'
    assert user.get(f"{path}?at={changed}").json() == second
    user.get(f"{path}?at={deleted}", 404)
    user.get(f"{path}?at=2001-01-01T00:00:00Z", 404)
    other.get(f"{path}?at={made}", 404)
    assert other.get(f"/api/todos?at={made}").json()["items"] == []


@pytest.mark.parametrize("path", ["/api/todos", "/api/todos/1"])
@pytest.mark.parametrize("at", ["", "now", "2027-01-01", "2027-01-01T00:00:00", "0000-01-01T00:00:00Z", "1"])
def test_a_time_that_is_none_is_refused(user, path, at):
    assert user.get(path, 422, params={"at": at}).json()["errors"][0]["field"] == "at"


@pytest.mark.parametrize(("query", "named"), [
    ("", {"from"}), ("from=0", {"from"}), ("from=-1&to=x", {"from", "to"}), ("from=1&from=2", {"from"}), ("from=1&page=2", {"page"}),
    ("from=9223372036854775807&to=9223372036854775807", {"from", "to"})])
def test_consistency_refuses_what_is_no_pair_of_sizes(user, query, named):
    answer = user.get("/api/audit/consistency?" + query, (404, 422))
    if answer.status_code == 422:
        assert {e["field"] for e in answer.json()["errors"]} == named


@pytest.mark.parametrize("query", ["limit=0", "limit=10001", "after=-1", "after=x", "at=2027-01-01T00:00:00Z"])
def test_export_refuses_what_it_does_not_know(user, query):
    assert user.get("/api/audit/export?" + query, 422).json()["errors"][0]["field"] == query.split("=", maxsplit=1)[0]


def test_an_entry_that_no_checkpoint_covers_says_so_and_an_export_is_in_parts(user, other):
    for i in range(5):
        user.todo(str(i))
    entries = user.audit_when(5)
    proof = user.get(f"/api/audit/{entries[-1]['id']}/proof").json()
    assert proof["covered"] == (proof["leaf"] is not None) == (proof["size"] >= entries[-1]["id"])
    other.get(f"/api/audit/{entries[0]['id']}/proof", 404)
    seen, url = [], "/api/audit/export?limit=2"
    while url:
        answer = user.get(url)
        seen += [e["id"] for e in answer.json()["entries"]]
        url = answer.links.get("next", {}).get("url")
    assert seen == [e["id"] for e in entries]
    assert wait_until(lambda: other.get("/api/audit/export").json()["entries"] == [], what="an empty export")
