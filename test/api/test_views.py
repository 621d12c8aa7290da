"""Saved views: names for queries of the list."""
import pytest

from carillon import PASSWORD, Api


@pytest.fixture(scope="module")
def server(server_on_each):
    return server_on_each


def test_views_are_kept_in_order(user):
    assert user.get("/api/views").json() == {"items": []}
    first = user.post("/api/views", 201, json={"name": " Errands ", "query": "tag=errands&status=active"})
    assert first.json() == {"id": first.json()["id"], "name": "Errands", "query": "tag=errands&status=active", "position": 0}
    assert first.headers["Location"] == f"/api/views/{first.json()['id']}"
    second = user.post("/api/views", 201, json={"name": "This week", "query": ""}).json()
    third = user.post("/api/views", 201, json={"name": "First", "query": "view=board&group=tag&due=late", "position": 0}).json()
    assert second["position"] == 1
    assert [v["name"] for v in user.get("/api/views").json()["items"]] == ["Errands", "First", "This week"]
    moved = user.patch(f"/api/views/{third['id']}", json={"position": 7, "name": "Last"}).json()
    assert moved == third | {"position": 7, "name": "Last"}
    assert user.patch(f"/api/views/{third['id']}", json={}).json() == moved
    assert [v["name"] for v in user.get("/api/views").json()["items"]] == ["Errands", "This week", "Last"]
    user.delete(f"/api/views/{second['id']}")
    user.delete(f"/api/views/{second['id']}", 404)
    assert [v["name"] for v in user.get("/api/views").json()["items"]] == ["Errands", "Last"]


def test_a_repeated_call_makes_one_view(user):
    key = {"Idempotency-Key": "v1"}
    first = user.post("/api/views", 201, json={"name": "x", "query": ""}, headers=key).json()
    assert user.post("/api/views", 201, json={"name": "x", "query": ""}, headers=key).json() == first
    assert len(user.get("/api/views").json()["items"]) == 1


@pytest.mark.parametrize("query", [
    "status=all&priority=high&tag=b%C3%BCro&search=two+words&sort=due_date&order=asc", "due_before=2027-01-01T00%3A00%3A00Z", "search=%25_%26%3D",
    "due=none&view=month", "&&status=active&", "due_after=2027-01-01T00:00:00%2B01:00"])
def test_queries_that_the_list_takes_are_kept_as_they_are(user, query):
    view = user.post("/api/views", 201, json={"name": "x", "query": query}).json()
    assert view["query"] == query
    of_the_list = "&".join(p for p in query.split("&") if not p.startswith(("view=", "group=", "due=")))
    user.get(f"/api/todos?{of_the_list}")


@pytest.mark.parametrize(("query", "why"), [
    ("status=sometimes", "status"), ("priority=1", "priority"), ("tag=a%20b", "tag"), ("due_before=tomorrow", "due_before"), ("search=", "search"),
    ("sort=age", "sort"), ("order=up", "order"), ("page=1", "page"), ("limit=5", "limit"), ("cursor=x", "cursor"), ("surprise=1", "surprise"),
    ("status=active&status=all", "status"), ("view=tree", "view"), ("due=someday", "due"), ("due=week&due=week", "due"), ("group=colour", "group"),
    ("tag=%zz", "percent"), ("tag=%ff", "percent"), ("tag=%00", "tag"), ("?tag=home", "query"), ("tag=home#x", "query"), ("tag=büro", "query"),
])
def test_queries_that_the_list_refuses_are_refused_by_name(user, query, why):
    answer = user.post("/api/views", 422, json={"name": "x", "query": query})
    (error,) = answer.json()["errors"]
    assert error["field"] == "query" and why in error["message"]
    assert user.get("/api/views").json() == {"items": []}


def test_a_hundred_are_enough(user):
    for i in range(100):
        user.post("/api/views", 201, json={"name": f"{i}", "query": ""})
    user.post("/api/views", 409, json={"name": "one more", "query": ""})
    assert len(user.get("/api/views").json()["items"]) == 100


def test_views_go_with_the_account(server, user, other):
    mine = user.post("/api/views", 201, json={"name": "mine", "query": "tag=home"}).json()["id"]
    theirs = other.post("/api/views", 201, json={"name": "theirs", "query": ""}).json()["id"]
    user.patch(f"/api/views/{theirs}", 404, json={"name": "mine now"})
    user.request("DELETE", "/api/auth/me", 204, json={"password": PASSWORD})
    assert [v["name"] for v in other.get("/api/views").json()["items"]] == ["theirs"]
    newcomer = Api(server).signed_up()
    assert newcomer.get("/api/views").json() == {"items": []}
    newcomer.delete(f"/api/views/{mine}", 404)
    newcomer.close()
