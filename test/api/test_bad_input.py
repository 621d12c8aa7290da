"""Refused input changes nothing and says why: every field of every request, by the schemas of the document."""
import json
import socket

import pytest

from bad_values import bad_values, fields, with_value
from carillon import PASSWORD, dumps
from contract import CONTRACT

BODIES = {operation["operationId"]: (method, pattern, operation) for method, pattern, operation in CONTRACT.operations()
          if "requestBody" in operation and operation["operationId"] != "importTasks"}   # a file: test_transfer
PUBLIC = CONTRACT.public_operations()
BATCH = {"create": "NewTodo", "update": "TodoPatch"}


def schema_of(operation):
    return CONTRACT.resolve(operation["requestBody"]["content"]["application/json"]["schema"])


def example_of(operation):
    """A body that the server takes: the last example of the document."""
    examples = operation["requestBody"]["content"]["application/json"]["examples"]
    body = list(examples.values())[-1]["value"]
    if operation["operationId"] == "changePassword":
        body = {"current_password": PASSWORD, "new_password": "three ferns and a bell"}
    return body


def recurring(body):
    return {"title": "Pay rent", "due_date": "2099-01-31T09:00:00Z", **body}


def base_for(operation, path):
    """A valid body for `operation` whose field at `path` can be made wrong."""
    body = dict(example_of(operation))
    if path.startswith("recurrence."):
        by_rrule = path.removeprefix("recurrence.") == "rrule"
        body["recurrence"] = {"rrule": "FREQ=MONTHLY"} if by_rrule else {"rule": "monthly"}
        body.setdefault("due_date", "2099-01-31T09:00:00Z")
        if body["due_date"] is None:
            body["due_date"] = "2099-01-31T09:00:00Z"
    return body


@pytest.fixture(scope="module")
def owner(server):
    """One user for the whole matrix, with a task, a tag, a reminder and a token of each kind to be changed wrongly."""
    from carillon import Api
    api = Api(server).signed_up()
    api.ids = {"/api/todos/{id}": api.todo("Pay rent", due_date="2099-01-31T09:00:00Z", reminder_at="2099-01-30T09:00:00Z",
                                           tags=["home"], recurrence={"rule": "monthly"})["id"]}
    api.ids["/api/tags/{id}"] = api.get("/api/tags").json()["items"][0]["id"]
    api.ids["/api/views/{id}"] = api.post("/api/views", 201, json={"name": "Errands", "query": "tag=home"}).json()["id"]
    yield api
    api.close()


def path_for(owner, pattern):
    for prefix, value in owner.ids.items():
        if pattern.startswith(prefix):
            return pattern.replace("{id}", str(value))
    return pattern


def stored(api):
    """All that a user can see of what is stored."""
    return {
        "todos": api.all_todos(), "tags": api.get("/api/tags").json(), "views": api.get("/api/views").json(), "me": api.get("/api/auth/me").json(),
        "tokens": api.get("/api/tokens").json(), "sessions": len(api.get("/api/auth/sessions").json()["items"]),
        "pending": api.get("/api/reminders", params={"state": "pending"}).json(), "audit": [e["id"] for e in api.audit()],
    }


@pytest.fixture
def nothing_stored(owner):
    owner.audit_when(1)
    before = stored(owner)
    yield
    assert stored(owner) == before


def named(answer):
    return [e["field"] for e in answer.json().get("errors", [])]


def refuse(api, method, path, bad, body, field):
    answer = api.request(method, path, content=dumps(body))
    assert answer.status_code == bad.status, f"{field} {bad.what}: {answer.status_code} {answer.text[:600]}"
    if bad.named:
        # An item of a list may be named as the list, and a missing rrule as the rule that would do as well.
        assert {field, field.removesuffix(".0"), field.replace(".rrule", ".rule")} & set(named(answer)), f"{field} {bad.what} is not named: {answer.text[:600]}"
        assert len(named(answer)) == len(set(named(answer))), answer.text[:600]
    return answer


FIELDS = [pytest.param(name, path, schema, required, id=f"{name}-{path}")
          for name, (_, _, operation) in BODIES.items() if name != "batchTodos"
          for path, schema, required in fields(schema_of(operation))]


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize(("name", "path", "schema", "required"), FIELDS)
def test_every_wrong_value_of_a_field_is_refused_and_named(owner, name, path, schema, required):
    method, pattern, operation = BODIES[name]
    url = path_for(owner, pattern)
    base = base_for(operation, path)
    for bad in bad_values(schema, required):
        refuse(owner, method, url, bad, with_value(base, path, bad.value), path)


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize("name", [n for n in BODIES if n != "batchTodos"])
def test_all_wrong_fields_are_named_at_once(owner, name):
    method, pattern, operation = BODIES[name]
    expected, body = set(), {"surprise": 1}
    for path, schema, _ in fields(schema_of(operation)):
        if "." in path:
            continue
        bad = next((b for b in bad_values(schema, False) if b.named), None)
        if bad:
            body[path] = bad.value
            expected.add(path)
    answer = owner.request(method, path_for(owner, pattern), 422, content=dumps(body))
    assert set(named(answer)) == expected | {"surprise"}


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize("name", BODIES)
class TestEveryBody:
    """What is wrong whatever the fields are."""

    @pytest.fixture
    def call(self, owner, name):
        method, pattern, operation = BODIES[name]
        body = example_of(operation)

        def send(expect, content, field=None, content_type="application/json"):
            answer = owner.request(method, path_for(owner, pattern), expect, content=content,
                                   headers={"Content-Type": content_type} if content_type else {"Content-Type": ""})
            if field is not None:
                assert field in named(answer), answer.text
        send.body = body
        return send

    def test_unknown_field(self, call):
        call(422, dumps({**call.body, "surprise": 1}), "surprise")
        call(422, dumps({**call.body, "": 1}), "")

    def test_field_in_another_case(self, call):
        first = next(iter(call.body))
        call(422, dumps({**call.body, first.upper(): call.body[first]}), first.upper())

    def test_duplicate_key(self, call):
        first = next(iter(call.body))
        twice = dumps(call.body)[:-1] + b", " + dumps(first) + b": " + dumps(call.body[first]) + b"}"
        call(422, twice, first)

    def test_too_deep(self, call):
        first = next(iter(call.body))
        call(400, b"[" * 10_000 + b"]" * 10_000)
        call(400, dumps(call.body)[:-1] + b', "x": ' + b'{"a":' * 10_000 + b"1" + b"}" * 10_000 + b"}")
        call(400, b'{"' + first.encode() + b'": ' + b"[" * 10_000)

    def test_two_megabytes(self, call):
        call(413, dumps({**call.body, "surprise": "x" * 2 * 2**20}))

    def test_not_json(self, call):
        good = dumps(call.body)
        for content in (b"", b"   ", good[: len(good) // 2], good + b"x", good + good, b"\xef\xbb\xbf" + good, b"{'a': 1}", b"{a: 1}",
                        good[:-1] + b",}", b"\xff\xfe", good.replace(b'"', b'"\xc3\x28', 1), b"NaN", b"\x00"):
            call(400, content)

    def test_json_but_no_object(self, call):
        for content in (b"[]", b"null", b"5", b'"text"', b"true", b"[" + dumps(call.body) + b"]"):
            call(422, content)

    def test_content_type(self, call):
        good = dumps(call.body)
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/jsonx",
                     "application/xml", "json", ";", "application/json; charset=utf-16"):
            call(415, good, content_type=kind)
        call(415, good, content_type=None)


def test_half_a_request_stores_nothing(owner, server, nothing_stored):
    host, port = server.address.split(":")
    body = dumps({"title": "Half"})
    head = (f"POST /api/todos HTTP/1.1\r\nHost: {server.address}\r\nAuthorization: Bearer {owner.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n").encode()
    for sent in (head[:30], head[:-2], head, head + body[:-1], head.replace(b"Content-Length", b"Transfer-Encoding: chunked\r\nX") + b"5\r\nab"):
        with socket.create_connection((host, int(port)), timeout=10) as half:
            half.sendall(sent)
            half.shutdown(socket.SHUT_WR)
            answer = b""
            while chunk := half.recv(65536):
                answer += chunk
        assert not answer or answer.startswith(b"HTTP/1.1 4"), answer[:300]


@pytest.mark.parametrize("sent", [
    b"\x00\x01\x02\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET /api/todos%zz HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /api/%ff%fe HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /" + b"x" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    b"GET / HTTP/1.1\r\n" + b"".join(b"X%d: y\r\n" % i for i in range(20_000)) + b"\r\n",
    b"POST /api/todos HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\n", b"POST /api/todos HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /api/todos HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer \xff\x00\r\n\r\n",
], ids=lambda s: repr(bytes(s[:24])))
def test_broken_http_is_refused_and_harms_nobody(server, user, sent):
    host, port = server.address.split(":")
    answer = b""
    with socket.create_connection((host, int(port)), timeout=10) as broken:
        try:
            broken.sendall(sent)
            broken.shutdown(socket.SHUT_WR)
            while chunk := broken.recv(65536):
                answer += chunk
        except ConnectionError:
            pass
    assert not answer or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.0 4")), answer[:300]
    user.get("/api/todos")


# --- batch: each command for itself

COMMANDS = [pytest.param(op, path, schema, required, id=f"{op}-{path}") for op, name in BATCH.items()
            for path, schema, required in fields({"$ref": f"#/components/schemas/{name}"})]


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize(("op", "path", "schema", "required"), COMMANDS)
def test_wrong_fields_of_batch_commands_are_named_in_their_place(owner, op, path, schema, required):
    todo = recurring({"recurrence": {"rrule": "FREQ=MONTHLY"} if path.endswith("rrule") else {"rule": "monthly"}}
                     if path.startswith("recurrence.") else {})
    target = {"id": owner.ids["/api/todos/{id}"]} if op == "update" else {}
    bad_ones = [b for b in bad_values(schema, required) if b.named and len(json.dumps(b.value, default=str)) < 5000]
    commands = [{"op": op, **target, "todo": with_value(todo, path, bad.value)} for bad in bad_ones]
    results = owner.post("/api/todos/batch", content=dumps({"commands": commands})).json()["results"]
    for i, (bad, result) in enumerate(zip(bad_ones, results, strict=True)):
        assert result["status"] == 422, f"{path} {bad.what}: {result}"
        fields_named = {e["field"] for e in result["problem"]["errors"]}
        names = {f"commands.{i}.todo.{p}" for p in (path, path.removesuffix(".0"), path.replace(".rrule", ".rule"))}
        assert names & fields_named, f"{bad.what}: {result}"


@pytest.mark.usefixtures("nothing_stored")
def test_wrong_batch_commands(owner):
    mine = owner.ids["/api/todos/{id}"]
    wrong = {
        "commands.{}.op": [{}, {"op": None, "id": mine}, {"op": "explode", "id": mine}, {"op": 1, "id": mine}, {"op": "COMPLETE", "id": mine}],
        "commands.{}.id": [{"op": "complete"}, {"op": "complete", "id": None}, {"op": "delete", "id": "1"}, {"op": "delete", "id": -1},
                           {"op": "delete", "id": 1.5}, {"op": "delete", "id": 10**30}, {"op": "update", "todo": {"title": "x"}}],
        "commands.{}.todo": [{"op": "create"}, {"op": "create", "todo": None}, {"op": "create", "todo": []}, {"op": "update", "id": mine},
                             {"op": "complete", "id": mine, "todo": {}}],
        "commands.{}.surprise": [{"op": "complete", "id": mine, "surprise": 1}],
    }
    cases = [(field, command) for field, commands in wrong.items() for command in commands]
    results = owner.post("/api/todos/batch", content=dumps({"commands": [c for _, c in cases]})).json()["results"]
    for i, ((field, command), result) in enumerate(zip(cases, results, strict=True)):
        assert result["status"] == 422, f"{command}: {result}"
        assert field.format(i) in [e["field"] for e in result["problem"]["errors"]], f"{command}: {result}"
    for missing in (10**12, 2**63 - 1):
        results = owner.post("/api/todos/batch", json={"commands": [{"op": "delete", "id": missing}]}).json()["results"]
        assert results[0]["status"] == 404


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize("body", [{}, {"commands": None}, {"commands": {}}, {"commands": "x"}, {"commands": []}, {"commands": 10**12},
                                  {"commands": [{"op": "delete", "id": 10**12}] * 101}, {"commands": [], "surprise": 1}], ids=str)
def test_wrong_batches(owner, body):
    answer = owner.post("/api/todos/batch", 422, content=dumps(body))
    assert any(f in ("commands", "surprise") for f in named(answer))


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize("command", [None, 1, "x", []], ids=str)
def test_batch_commands_that_are_no_objects(owner, command):
    results = owner.post("/api/todos/batch", content=dumps({"commands": [command]})).json()["results"]
    assert results[0]["status"] == 422
    assert "commands.0" in [e["field"] for e in results[0]["problem"]["errors"]]


# --- queries, paths and headers

QUERIES = [pytest.param(method, pattern, p["name"], CONTRACT.resolve(p["schema"]), id=f"{operation['operationId']}-{p['name']}")
           for method, pattern, operation in PUBLIC
           for p in CONTRACT.parameters(pattern, operation) if p["in"] == "query"]
REQUIRED = {pattern: {p["name"] for p in CONTRACT.parameters(pattern, operation) if p["in"] == "query" and p.get("required")}
            for method, pattern, operation in PUBLIC if method == "GET"}
READS = [pytest.param(pattern, id=operation["operationId"]) for method, pattern, operation in PUBLIC
         if method == "GET" and "422" in operation["responses"] and "/{id}/state" not in pattern]


@pytest.mark.parametrize(("method", "pattern", "name", "schema"), QUERIES)
def test_wrong_query_parameters_are_named(owner, method, pattern, name, schema):
    path = path_for(owner, pattern)
    wrong = [b.value for b in bad_values(schema, False) if isinstance(b.value, (str, int, float)) and not isinstance(b.value, bool)
             and b.named and len(str(b.value)) < 5000]
    if "integer" not in schema.get("type", ""):
        wrong = [v for v in wrong if isinstance(v, str)]
    for value in [*wrong, *(["1.0", "+1", " 1", "1 ", "0x1", "1e1", "", "x", "१"] if schema.get("type") == "integer" else [])]:
        answer = owner.request(method, path, 422, params={name: value})
        assert set(named(answer)) == {name} | REQUIRED.get(pattern, set()), f"{value!r}: {answer.text}"


@pytest.mark.parametrize(("method", "pattern", "name", "schema"), QUERIES)
def test_a_query_parameter_given_twice_is_refused(owner, method, pattern, name, schema):
    value = schema.get("enum", [schema.get("default") or {"date-time": "2027-01-01T00:00:00Z"}.get(schema.get("format"), "1")])[0]
    answer = owner.request(method, path_for(owner, pattern), 422, params=[(name, value), (name, value)])
    assert name in named(answer)


@pytest.mark.parametrize("pattern", READS)
def test_unknown_query_parameters_are_refused_all_at_once(owner, pattern):
    answer = owner.get(path_for(owner, pattern), 422, params={"surprise": "1", "Limit": "1"})
    assert set(named(answer)) == {"Limit", "surprise"} | REQUIRED[pattern]


def test_unknown_query_parameters_of_changes_are_refused(owner, nothing_stored):
    answer = owner.post("/api/todos", 422, params={"surprise": "1"}, json={"title": "x"})
    assert named(answer) == ["surprise"]
    answer = owner.delete(path_for(owner, "/api/todos/{id}"), 422, params={"surprise": "1"})
    assert named(answer) == ["surprise"]


BY_ID = [pytest.param(method, pattern, operation, id=operation["operationId"]) for method, pattern, operation in PUBLIC
         if "{id}" in pattern]


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize(("method", "pattern", "operation"), BY_ID)
def test_ids_that_are_none_answer_404(owner, method, pattern, operation):
    body = dumps(example_of(operation)) if "requestBody" in operation else None
    for wrong in ("0", "-1", "1.5", "x", "%00", "%F0%9F%94%94", "9223372036854775808", "1" * 400, "1%20", "+1", "%2e%2e", "null",
                  "1000000000000", "01938c1e-7b5a-7c3d-8e9f-0123456789ab"):
        answer = owner.request(method, pattern.replace("{id}", wrong), content=body)
        assert answer.status_code in (404, 400), f"{wrong}: {answer.status_code} {answer.text[:300]}"


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize(("name", "value", "status"), [
    ("Idempotency-Key", "", 422), ("Idempotency-Key", "x" * 256, 422), ("Idempotency-Key", "a b", 422), ("Idempotency-Key", "a\tb", 422),
    ("Idempotency-Key", "k\u00e9y", 422), ("Queued-At", "yesterday", 422), ("Queued-At", "2027-02-28T09:00:00", 422), ("Queued-At", "", 422), ("Queued-At", "2020-01-01T00:00:00Z", 422),
    ("Queued-At", "10000-01-01T00:00:00Z", 422),
])
def test_wrong_headers_are_named(owner, name, value, status):
    answer = owner.post("/api/todos", status, json={"title": "x"}, headers={name: value.encode()})
    assert named(answer) == [name]


@pytest.mark.usefixtures("nothing_stored")
@pytest.mark.parametrize("value", ['"0"', '"999999"', "1", "junk", '"', 'W/"1"', '"1', '"x", "y"', '"99999999999999999999"'])
def test_an_if_match_that_is_not_the_current_etag_answers_412(owner, value):
    path = path_for(owner, "/api/todos/{id}")
    owner.patch(path, 412, json={"title": "x"}, headers={"If-Match": value})
    owner.delete(path, 412, headers={"If-Match": value})
    owner.post(path + "/complete", 412, headers={"If-Match": value})
