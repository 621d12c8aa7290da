"""Probes, metrics, limits and the plain behaviour of the HTTP server."""
import http.client
import json
import socket
import time

import httpx
import pytest

from carillon import Api, Server
from contract import CONTRACT


@pytest.mark.parametrize("path", ["/health", "/livez", "/readyz"])
def test_probes_on_both_listeners(server, nobody, path):
    expected = "alive" if path == "/livez" else "ready"
    assert nobody.get(path).json()["status"] == expected
    answer = httpx.get(server.management + path, trust_env=False)
    CONTRACT.check_response("GET", path, answer.status_code, answer.headers, answer.content)
    assert answer.json()["status"] == expected


def test_metrics(server, user):
    user.todo()
    user.get("/api/todos/999999999999", 404)
    for base in (server.url, server.management):
        text = httpx.get(base + "/metrics", trust_env=False).text
        assert text.count("# TYPE carillon_") > 8
        assert 'route="/api/todos/{id}"' in text and "999999999999" not in text, "routes, not paths"


def test_management_has_no_user_routes(server, user):
    for path in ("/api/todos", "/api/auth/me", "/ws/tasks"):
        assert httpx.get(server.management + path, headers={"Authorization": f"Bearer {user.token}"}, trust_env=False).status_code == 404


def test_head_answers_as_get_without_a_body(user):
    todo = user.todo()
    bearer = {"Authorization": f"Bearer {user.token}"}
    for path in ("/health", f"/api/todos/{todo['id']}", "/api/todos"):
        get, head = user.http.get(path, headers=bearer), user.http.head(path, headers=bearer)
        assert head.status_code == get.status_code and head.content == b""
        assert head.headers["content-type"] == get.headers["content-type"]


def test_keep_alive_and_pipelining(server):
    host, port = server.address.split(":")
    connection = http.client.HTTPConnection(host, int(port), timeout=5)
    for _ in range(3):
        connection.request("GET", "/livez")
        answer = connection.getresponse()
        assert answer.status == 200 and json.loads(answer.read())
    connection.close()
    with socket.create_connection((host, int(port)), timeout=5) as raw:
        raw.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n" * 3 + b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = b""
        while chunk := raw.recv(65536):
            answer += chunk
    assert answer.count(b"HTTP/1.1 200") == 4


def test_a_slow_request_harms_nobody(server, user):
    host, port = server.address.split(":")
    slow = [socket.create_connection((host, int(port))) for _ in range(50)]
    for connection in slow:
        connection.sendall(b"POST /api/todos HTTP/1.1\r\nHost: x\r\nContent-Le")
    started = time.monotonic()
    user.todo()
    assert time.monotonic() - started < 5
    for connection in slow:
        connection.close()


def test_secrets_are_not_logged(tmp_path):
    server = Server(tmp_path, LOG_LEVEL="debug").start()
    user = Api(server).signed_up()
    secrets = [user.token, "a fern and a bell", user.post("/api/tokens", 201, json={"name": "x"}).json()["token"],
               user.post("/api/ws-ticket", 201).json()["ticket"]]
    user.live(query=True).ready()
    user.get("/api/todos", 401, headers={"Authorization": "Bearer super-secret-token"})
    server.stop()
    log = server.log.read_text(encoding="utf-8")
    assert log.strip()
    for secret in [*secrets, "super-secret-token"]:
        assert secret not in log
    for line in log.splitlines():
        assert isinstance(json.loads(line), dict), "logs are JSON lines"


def test_stop_answers_what_is_under_way(tmp_path):
    server = Server(tmp_path).start()
    user = Api(server).signed_up()
    for _ in range(5):
        user.todo()
    server.stop()
    server.start()
    assert len(user.again().all_todos()) == 5
    server.stop()


def test_a_second_server_on_the_same_file_does_not_start(tmp_path):
    server = Server(tmp_path).start()
    try:
        second = server.command("serve")
        assert second.returncode != 0 and second.stderr.strip() + second.stdout.strip()
    finally:
        server.stop()


@pytest.mark.parametrize(("key", "value"), [("NO_SUCH_SETTING", "1"), ("LISTEN", "nonsense"), ("EVENT_BUS", "pigeons"), ("DATABASE_URL", "mysql://x")])
def test_a_wrong_setting_stops_the_start_with_one_line(tmp_path, key, value):
    answer = Server(tmp_path, **{key: value}).command("serve")
    assert answer.returncode != 0
    said = (answer.stderr + answer.stdout).strip()
    assert len(said.splitlines()) == 1 and key.lower() in said.lower().replace(" ", "_"), said


def test_traceparent_is_passed_on(user):
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    with user.live() as live:
        live.ready()
        todo = user.post("/api/todos", 201, json={"title": "traced"}, headers={"traceparent": trace}).json()
        event = live.wait_event("task.created", todo["id"])
    assert event["traceparent"].split("-")[1] == trace.split("-")[1]


def test_health_tells_of_its_parts(nobody):
    assert nobody.get("/health").json()["detail"]["database"] == "ok"


def test_dead_letters_are_for_operators_only(server, user):
    def call(method, path):
        answer = httpx.request(method, server.management + path, trust_env=False)
        CONTRACT.check_response(method, path, answer.status_code, answer.headers, answer.content)
        return answer

    assert call("GET", "/dead-letters").json() == {"items": []}
    assert call("GET", "/dead-letters?limit=0").status_code == 422
    assert call("POST", "/dead-letters/1/replay").status_code == 404
    assert user.http.get("/dead-letters", headers={"Authorization": f"Bearer {user.token}"}).status_code == 404
