"""Live sync over a real WebSocket."""
import json
import socket
import time

import pytest
import websockets.sync.client
from websockets.exceptions import ConnectionClosed, InvalidStatus

from carillon import PASSWORD, Api, Live, Server, wait_until


@pytest.mark.parametrize("query", [False, True])
@pytest.mark.parametrize("kind", ["token", "ticket", "api token"])
def test_every_way_to_sign_in(user, query, kind):
    user.todo()
    secret = {"token": {"token": user.token}, "api token": {"token": user.post("/api/tokens", 201, json={"name": "x"}).json()["token"]}
              if kind == "api token" else None, "ticket": {"ticket": user.post("/api/ws-ticket", 201).json()["ticket"]}}[kind]
    with Live(user.server, **secret, query=query) as live:
        assert live.ready() == {"type": "ready", "sequence": 1}
        todo = user.todo()
        event = live.wait_event("task.created", todo["id"])
        assert event["sequence"] == 2 and event["data"]["todo"] == todo


def test_a_ticket_works_once(user):
    ticket = user.post("/api/ws-ticket", 201).json()["ticket"]
    with Live(user.server, ticket=ticket) as live:
        live.ready()
    with pytest.raises(InvalidStatus) as refused:
        Live(user.server, ticket=ticket, query=True)
    assert refused.value.response.status_code == 401


@pytest.mark.parametrize("hello", ["{}", "[]", "null", "not json", '{"type":"auth"}', '{"type":"auth","token":"x"}', '{"type":"auth","token":5}',
                                   '{"type":"auth","ticket":"x"}', '{"type":"other"}', '{"type":"auth","token":"x","ticket":"y"}', "\0", "[" * 10_000,
                                   '{"type":"auth","token":"x","surprise":1}', "x" * 100_000])
def test_a_wrong_first_message_closes(server, hello):
    with websockets.sync.client.connect(f"ws://{server.address}/ws/tasks", proxy=None) as live:
        with pytest.raises(ConnectionClosed):
            live.send(hello)
            live.recv(timeout=10)
        assert live.close_code in (4401, 1008, 1009, 1007, 1003, 1002)


@pytest.mark.parametrize("last", [-1, "5", 1.5, 10**30, None, [], True])
def test_a_wrong_last_sequence_closes(user, last):
    with websockets.sync.client.connect(f"ws://{user.server.address}/ws/tasks", proxy=None) as live:
        live.send(json.dumps({"type": "auth", "token": user.token, "last_sequence": last}))
        with pytest.raises(ConnectionClosed):
            live.recv(timeout=10)
        assert live.close_code in (1008, 4401)


@pytest.mark.parametrize("query", ["token=x", "ticket=x", "token=", "token=x&token=y", "surprise=1"])
def test_wrong_credentials_in_the_query_are_refused_at_the_upgrade(server, query):
    with pytest.raises(InvalidStatus) as refused:
        websockets.sync.client.connect(f"ws://{server.address}/ws/tasks?{query}", proxy=None)
    assert refused.value.response.status_code in ((401,) if "surprise" not in query and query.count("=") == 1 else (401, 422, 400))


def test_another_origin_is_refused(user):
    for origin, allowed in ((f"http://{user.server.address}", True), ("https://evil.example", False), ("null", False)):
        try:
            with websockets.sync.client.connect(f"ws://{user.server.address}/ws/tasks?token={user.token}", origin=origin, proxy=None) as live:
                assert json.loads(live.recv(timeout=5))["type"] == "ready"
                assert allowed, origin
        except InvalidStatus as refused:
            assert not allowed and refused.response.status_code == 403, origin


def test_ping_is_answered(user):
    with user.live() as live:
        live.ready()
        live.socket.send('{"type":"ping"}')
        live.wait_type("pong")


def test_events_come_to_every_socket_of_the_user_in_order_and_to_nobody_else(user, other):
    with user.live() as first, user.live() as second, other.live() as stranger:
        for live in (first, second, stranger):
            live.ready()
        todo = user.todo(tags=["a"])
        user.patch(f"/api/todos/{todo['id']}", json={"title": "2"})
        user.post(f"/api/todos/{todo['id']}/complete")
        user.delete(f"/api/todos/{todo['id']}")
        theirs = other.todo()
        for live in (first, second):
            live.wait_event("task.deleted", todo["id"])
            assert [(e["type"], e["sequence"]) for e in live.events] == [("task.created", 1), ("task.updated", 2), ("task.completed", 3), ("task.deleted", 4)]
            assert {e["partitionkey"] for e in live.events} == {user.user["id"]}
        assert first.events == second.events
        stranger.wait_event("task.created", theirs["id"])
        assert [e["subject"] for e in stranger.events] == [str(theirs["id"])]
    logged = user.audit_when(4)
    assert [e["payload"] for e in logged] == [e["data"] for e in first.events], "the log and the socket have the same data"


def test_resume_gives_what_was_missed_or_says_so(user):
    for i in range(5):
        user.todo(f"t{i}")
    for query in (False, True):
        with user.live(last_sequence=2, query=query) as live:
            resumed = live.ready()
            assert resumed["type"] == "resumed" and resumed["recovered"] is True
            live.wait(lambda s: len(s.events) >= 3, what="the missed three")
            todo = user.todo("next")
            live.wait_event("task.created", todo["id"])
            sequences = [e["sequence"] for e in live.events]
            assert sequences == list(range(3, sequences[-1] + 1))
    head = len(user.all_todos())
    with user.live(last_sequence=head) as live:
        assert live.ready()["recovered"] is True
        todo = user.todo("only this")
        live.wait_event("task.created", todo["id"])
        assert len(live.events) == 1
    with user.live(last_sequence=head + 100) as live:
        assert live.ready()["recovered"] is False, "a sequence from the future is none of ours"


def test_resume_survives_a_change_at_the_same_moment(user):
    """Sockets open while changes are made: each sees every event after its own start once, in order."""
    import threading
    stop, made = threading.Event(), []

    def change():
        while not stop.is_set():
            made.append(user.again().todo("busy")["id"])

    writer = threading.Thread(target=change)
    writer.start()
    sockets = []
    try:
        for _ in range(10):
            sockets.append(user.live(last_sequence=0))
            time.sleep(0.05)
    finally:
        stop.set()
        writer.join()
    for live in sockets:
        live.wait(lambda s: len(s.events) >= len(made), what="all events")
        assert [e["sequence"] for e in live.events] == list(range(1, len(made) + 1))
        live.close()


@pytest.mark.parametrize("end", ["sign-out", "revoke", "delete account", "change-password", "end session"])
def test_the_end_of_a_sign_in_closes_its_sockets(server, end):
    user = Api(server).signed_up()
    second = Api(server).post("/api/auth/sign-in", json={"email": user.email, "password": PASSWORD}).json()["token"]
    token = user.post("/api/tokens", 201, json={"name": "x"}).json()
    own, theirs, script = user.live(), Live(server, token=second), Live(server, token=token["token"])
    for live in (own, theirs, script):
        live.ready()
    closed, open_ = {
        "sign-out": lambda: (user.post("/api/auth/sign-out", 204), ([own], [theirs, script]))[1],
        "revoke": lambda: (user.delete(f"/api/tokens/{token['id']}"), ([script], [own, theirs]))[1],
        "delete account": lambda: (user.delete("/api/auth/me", json={"password": PASSWORD}), ([own, theirs, script], []))[1],
        "change-password": lambda: (user.post("/api/auth/change-password", 204, json={"current_password": PASSWORD,
                                                                                       "new_password": "three ferns and a bell"}), ([theirs], [own]))[1],
        "end session": lambda: (user.delete("/api/auth/sessions"), ([theirs], [own, script]))[1],
    }[end]()
    for live in closed:
        assert live.wait_closed() == 4401
    if open_:
        writer = Api(server, token["token"]) if end == "sign-out" else user
        todo = writer.todo()
        for live in open_:
            live.wait_event("task.created", todo["id"])


def test_a_client_that_does_not_read_is_closed_and_costs_nobody_else(user):
    host, port = user.server.address.split(":")
    deaf = socket.create_connection((host, int(port)))
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    key = "dGhlIHNhbXBsZSBub25jZQ=="
    deaf.sendall((f"GET /ws/tasks?token={user.token} HTTP/1.1\r\nHost: {user.server.address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
    with user.live() as live:
        live.ready()
        big = "x" * 9000
        for _ in range(8):
            user.post("/api/todos/batch", json={"commands": [{"op": "create", "todo": {"title": "big", "description": big}} for _ in range(100)]})
        live.wait(lambda s: len(s.events) == 800, 60, "800 events")
        assert [e["sequence"] for e in live.events] == list(range(1, 801))
    wait_until(lambda: "carillon_websocket_slow_closes_total 1" in user.get("/metrics").text, what="the deaf one to be closed")
    deaf.close()


def test_sockets_close_kindly_when_the_server_stops(tmp_path):
    server = Server(tmp_path).start()
    user = Api(server).signed_up()
    live = user.live()
    live.ready()
    server.stop()
    assert live.wait_closed() in (1001, 1012)
