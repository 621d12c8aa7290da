"""Idempotency-Key: a change that is sent again is made once, and answered the same."""
import threading
import uuid

from carillon import PASSWORD, Api


def again(api, method, path, json=None, expect=200):
    """Sends a change twice with one key; both answers are the same, the second says that it is a replay."""
    headers = {"Idempotency-Key": uuid.uuid4().hex}
    first = api.request(method, path, expect, json=json, headers=headers)
    second = api.request(method, path, expect, json=json, headers=headers)
    assert "Idempotency-Replayed" not in first.headers
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.content == first.content
    for header in ("ETag", "Location"):
        assert second.headers.get(header) == first.headers.get(header)
    return first


def test_every_change_of_a_task(user):
    todo = again(user, "POST", "/api/todos", {"title": "Once", "tags": ["a"], "due_date": "2099-01-01T00:00:00Z", "recurrence": {"rule": "daily"}}, 201).json()
    path = f"/api/todos/{todo['id']}"
    again(user, "PATCH", path, {"title": "Twice"})
    again(user, "PUT", path, {"title": "Thrice", "due_date": "2099-01-01T00:00:00Z", "recurrence": {"rule": "daily"}})
    again(user, "POST", path + "/skip")
    again(user, "POST", path + "/snooze", {"until": "2099-01-01T08:00:00Z"})
    again(user, "POST", path + "/complete")
    again(user, "POST", path + "/reopen")
    again(user, "DELETE", path, expect=204)
    again(user, "POST", path + "/restore")
    again(user, "POST", "/api/todos/batch", {"commands": [{"op": "create", "todo": {"title": "b"}}, {"op": "delete", "id": 10**12}]})
    events = [e["event_type"] for e in user.audit_when(10) if e["task_id"] == todo["id"]]
    assert events == ["task.created", "task.updated", "task.updated", "task.updated", "task.updated", "task.completed", "task.updated", "task.deleted", "task.restored"]
    assert sum(t["title"] == "b" for t in user.all_todos()) == 1


def test_tags_tokens_profile_and_revert(user):
    tag = again(user, "POST", "/api/tags", {"name": "home"}, 201).json()
    again(user, "PATCH", f"/api/tags/{tag['id']}", {"name": "house"})
    again(user, "DELETE", f"/api/tags/{tag['id']}", expect=204)
    again(user, "PATCH", "/api/auth/me", {"name": "Ada L."})
    todo = user.todo("a")
    user.patch(f"/api/todos/{todo['id']}", json={"title": "b"})
    entry = user.audit_when(2)[-1]
    assert again(user, "POST", f"/api/audit/{entry['id']}/revert").json()["title"] == "a"
    key = {"Idempotency-Key": "token-1"}
    first = user.post("/api/tokens", 201, json={"name": "x"}, headers=key).json()
    second = user.post("/api/tokens", 201, json={"name": "x"}, headers=key)
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.json() == first | {"token": None}, "secrets are not stored"
    assert len(user.get("/api/tokens").json()["items"]) == 1
    change = {"current_password": PASSWORD, "new_password": "three ferns and a bell"}
    user.post("/api/auth/change-password", 204, json=change, headers={"Idempotency-Key": "password-1"})
    user.post("/api/auth/change-password", (204, 422), json=change, headers={"Idempotency-Key": "password-1"})


def test_a_key_belongs_to_one_call_of_one_user(user, other):
    key = {"Idempotency-Key": "k-1"}
    todo = user.post("/api/todos", 201, json={"title": "a"}, headers=key).json()
    user.post("/api/todos", 422, json={"title": "b"}, headers=key)
    user.patch(f"/api/todos/{todo['id']}", 422, json={"title": "a"}, headers=key)
    user.post("/api/todos/batch", 422, json={"commands": [{"op": "create", "todo": {"title": "a"}}]}, headers=key)
    assert other.post("/api/todos", 201, json={"title": "a"}, headers=key).json()["id"] != todo["id"]
    assert [t["title"] for t in user.all_todos()] == ["a"]


def test_refusals_are_not_kept(user):
    key = {"Idempotency-Key": "k-2"}
    user.post("/api/todos", 422, json={"title": ""}, headers=key)
    user.post("/api/todos", 201, json={"title": "now right"}, headers=key)


def test_a_replay_answers_even_after_the_task_is_gone(user):
    key = {"Idempotency-Key": "k-3"}
    todo = user.post("/api/todos", 201, json={"title": "a"}, headers=key).json()
    user.delete(f"/api/todos/{todo['id']}")
    assert user.post("/api/todos", 201, json={"title": "a"}, headers=key).json() == todo
    assert user.all_todos() == []


def test_many_at_once_make_one_change(user):
    statuses = []

    def send():
        api = Api(user.server, user.token)
        statuses.append(api.post("/api/todos", (201, 409), json={"title": "race"}, headers={"Idempotency-Key": "race"}).status_code)
        api.close()

    threads = [threading.Thread(target=send) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(statuses) == 12 and 201 in statuses
    assert len(user.all_todos()) == 1
