"""Nobody sees or touches another user's data, and nobody does anything without signing in."""
import pytest

from carillon import PASSWORD, Api, wait_until
from contract import CONTRACT
from test_bad_input import example_of, stored

OPERATIONS = [pytest.param(*o, id=o[2]["operationId"]) for o in CONTRACT.public_operations()]


@pytest.fixture(scope="module")
def owned(server):
    """A user with one of everything: {path prefix: id}."""
    user = Api(server).signed_up()
    todo = user.todo(tags=["home"], due_date="2099-01-01T00:00:00Z", recurrence={"rule": "daily"})
    user.patch(f"/api/todos/{todo['id']}", json={"title": "changed"})
    session = Api(server).post("/api/auth/sign-in", json={"email": user.email, "password": PASSWORD})
    assert session.json()["token"]
    user.ids = {
        "/api/views": user.post("/api/views", 201, json={"name": "Errands", "query": "tag=home"}).json()["id"],
        "/api/todos": todo["id"], "/api/tags": user.get("/api/tags").json()["items"][0]["id"],
        "/api/reminders": wait_until(lambda: user.get("/api/reminders?state=pending").json()["items"], what="the reminder")[0]["id"],
        "/api/audit": user.audit_when(2)[1]["id"], "/api/tokens": user.post("/api/tokens", 201, json={"name": "x"}).json()["id"],
        "/api/auth/sessions": next(s["id"] for s in user.get("/api/auth/sessions").json()["items"] if not s["current"]),
    }
    return user


def call_of(owned, method, pattern, operation):
    path = pattern
    for prefix, value in owned.ids.items():
        if pattern.startswith(prefix + "/{id}"):
            path = pattern.replace("{id}", str(value))
    return path, example_of(operation) if "requestBody" in operation else None


@pytest.mark.parametrize(("method", "pattern", "operation"), [p for p in OPERATIONS if "{id}" in p.values[1]])
def test_another_users_id_answers_404_and_changes_nothing(owned, other, method, pattern, operation):
    before, mine = stored(owned), stored(other)
    path, body = call_of(owned, method, pattern, operation)
    answer = other.request(method, path, 404, json=body)
    missing = other.request(method, pattern.replace("{id}", "999999999999"), 404, json=body)
    assert answer.json() == missing.json(), "it looks the same as one that does not exist"
    other.request(method, path, 404, json=body, headers={"If-Match": "*", "Idempotency-Key": "theirs"})
    assert stored(owned) == before and stored(other) == mine


def test_ids_in_queries_and_bodies_are_checked(owned, other):
    before = stored(owned)
    theirs = owned.ids["/api/todos"]
    assert other.get("/api/audit", params={"task_id": theirs}).json() == []
    results = other.post("/api/todos/batch", json={"commands": [
        {"op": "update", "id": theirs, "todo": {"title": "mine now"}}, {"op": "complete", "id": theirs}, {"op": "delete", "id": theirs}]}).json()["results"]
    assert [r["status"] for r in results] == [404, 404, 404]
    assert other.all_todos(tag="home") == [] and other.all_todos(search="changed") == []
    cursor = owned.todo("one more") and owned.get("/api/todos?limit=1").json()["next_cursor"]
    assert other.get("/api/todos", None, params={"cursor": cursor, "limit": 1}).json().get("items", []) == [], "a cursor shows nothing of its maker's"
    owned.delete(f"/api/todos/{owned.get('/api/todos?limit=1').json()['items'][0]['id']}")
    assert {k: v for k, v in stored(owned).items() if k not in ("audit", "pending")} == {k: v for k, v in before.items() if k not in ("audit", "pending")}


@pytest.mark.parametrize(("method", "pattern", "operation"), [p for p in OPERATIONS if p.values[2].get("security", True)])
def test_without_signing_in_it_answers_401(owned, nobody, method, pattern, operation):
    path, body = call_of(owned, method, pattern, operation)
    before = stored(owned)
    for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": f"Basic {owned.token}"}, {"Authorization": f"Bearer {owned.token[:-2]}AA"}):
        nobody.request(method, path, 401, json=body, headers=headers)
    assert stored(owned) == before


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/todos/1/nothing", "/job/reminder-1-1", "/dapr/subscribe", "/../etc/passwd",
                                  "/api/todos//1", "/ws/tasks", "/admin", "/.env"])
def test_there_is_nothing_else(user, path):
    answer = user.http.get(path, headers={"Authorization": f"Bearer {user.token}"})
    assert 400 <= answer.status_code < 500, f"{path}: {answer.status_code}"


@pytest.mark.parametrize(("method", "pattern", "operation"), OPERATIONS)
def test_other_methods_answer_405_with_allow(user, method, pattern, operation):
    path = pattern.replace("{id}", "1")
    documented = {m for m, p, _ in CONTRACT.operations() if p == pattern}
    for wrong in {"GET", "POST", "PUT", "PATCH", "DELETE"} - documented:
        answer = user.request(wrong, path, 405)
        allowed = {m.strip() for m in answer.headers["Allow"].split(",")}
        assert documented <= allowed and wrong not in allowed
