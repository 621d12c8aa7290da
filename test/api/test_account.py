"""Sign-up, sessions, profile, API tokens, and their ends."""
import datetime as dt

import pytest

from carillon import PASSWORD, Api, Server, wait_until


def cookie_of(answer):
    header = answer.headers["set-cookie"]
    assert header.startswith("carillon_refresh=") and "HttpOnly" in header and "SameSite=Strict" in header
    return header.split(";")[0]


def refresh(api, cookie, expect=200):
    return Api(api.server).post("/api/auth/refresh", expect, headers={"Cookie": cookie})


def sign_in(api, email, password=PASSWORD, expect=200):
    answer = Api(api.server).post("/api/auth/sign-in", expect, json={"email": email, "password": password})
    return answer


def later(**delta):
    return (dt.datetime.now(dt.timezone.utc) + dt.timedelta(**delta)).isoformat()


def test_sign_up_and_in(user, nobody):
    answer = sign_in(user, user.email)
    body = answer.json()
    assert body["user"] == user.user and body["user"]["timezone"] == "Europe/Berlin"
    assert user.get("/api/auth/me", headers={"Authorization": f"Bearer {body['token']}"}).json()["email"] == user.email
    sign_in(user, user.email.upper())
    nobody.post("/api/auth/sign-up", 409, json={"name": "x", "email": user.email.upper(), "password": PASSWORD})
    first, second = sign_in(user, user.email, "wrong password", 401).json(), sign_in(user, "nobody@example.org", expect=401).json()
    assert first == second, "an unknown account looks the same as a wrong password"
    default = nobody.post("/api/auth/sign-up", 201, json={"name": "x", "email": "default@example.org", "password": PASSWORD}).json()
    assert default["user"]["timezone"] == "UTC"


@pytest.mark.parametrize("password", ["password123", "12345678", "user.of.example@example.org", "short"])
def test_poor_passwords_are_refused(nobody, password):
    answer = nobody.post("/api/auth/sign-up", 422, json={"name": "x", "email": "user.of.example@example.org", "password": password})
    assert [e["field"] for e in answer.json()["errors"]] == ["password"]
    assert password not in answer.text


def test_refresh_rotates_and_finds_reuse(user):
    first = cookie_of(sign_in(user, user.email))
    answer = refresh(user, first)
    second = cookie_of(answer)
    assert first != second
    token = answer.json()["token"]
    refresh(user, first, 409)                        # another tab, a moment ago: no theft yet
    third = cookie_of(refresh(user, second))
    refresh(user, first, 401)                        # two generations old: reuse, and the session ends
    refresh(user, third, 401)
    user.get("/api/auth/me", 401, headers={"Authorization": f"Bearer {token}"})
    user.get("/api/auth/me")                         # the other session goes on
    refresh(user, "carillon_refresh=nonsense", 401)
    Api(user.server).post("/api/auth/refresh", 401)


def test_sign_out_ends_this_session_only(user):
    answer = sign_in(user, user.email)
    cookie, bearer = cookie_of(answer), {"Authorization": f"Bearer {answer.json()['token']}"}
    user.post("/api/auth/sign-out", 204, headers=bearer)
    user.get("/api/auth/me", 401, headers=bearer)
    refresh(user, cookie, 401)
    user.get("/api/auth/me")


def test_change_password(user):
    other_session = sign_in(user, user.email).json()["token"]
    wrong = user.post("/api/auth/change-password", 422, json={"current_password": "not this one", "new_password": "three ferns and a bell"})
    assert [e["field"] for e in wrong.json()["errors"]] == ["current_password"]
    poor = user.post("/api/auth/change-password", 422, json={"current_password": PASSWORD, "new_password": "password123"})
    assert [e["field"] for e in poor.json()["errors"]] == ["new_password"]
    user.post("/api/auth/change-password", 204, json={"current_password": PASSWORD, "new_password": "three ferns and a bell"})
    user.get("/api/auth/me")
    user.get("/api/auth/me", 401, headers={"Authorization": f"Bearer {other_session}"})
    sign_in(user, user.email, PASSWORD, 401)
    sign_in(user, user.email, "three ferns and a bell")


def test_profile_and_preferences(user):
    me = user.get("/api/auth/me").json()
    assert me["preferences"] == {"week_start": "monday", "default_reminder_time": "09:00", "theme": "system", "locale": me["preferences"]["locale"],
                                 "notifications": me["preferences"]["notifications"], "sounds": me["preferences"]["sounds"], "shortcuts": True}
    patched = user.patch("/api/auth/me", json={"name": " Ada L. ", "timezone": "Asia/Tokyo", "preferences": {"default_reminder_time": "08:30"}}).json()
    assert (patched["name"], patched["timezone"]) == ("Ada L.", "Asia/Tokyo")
    assert patched["preferences"] == me["preferences"] | {"default_reminder_time": "08:30"}
    assert user.get("/api/auth/me").json() == patched
    back = user.patch("/api/auth/me", json={"preferences": {"default_reminder_time": None, "theme": "dark"}}).json()
    assert back["preferences"] == me["preferences"] | {"theme": "dark"}
    assert user.patch("/api/auth/me", json={}).json() == back
    wrong = user.patch("/api/auth/me", 422, json={"timezone": "+01:00", "email": "new", "id": "x", "preferences": {"surprise": 1}})
    assert {e["field"] for e in wrong.json()["errors"]} == {"timezone", "email", "id", "preferences.surprise"}
    for zone in ("CEST", "UTC+1", "Mars/Base", "../../etc/passwd", "Europe/berlin ", "posixrules"):
        user.patch("/api/auth/me", 422, json={"timezone": zone})


def test_the_email_address_can_be_changed(user, other):
    assert user.patch("/api/auth/me", json={"email": "new." + user.email}).json()["email"] == "new." + user.email
    user.patch("/api/auth/me", 409, json={"email": other.email.upper()})
    sign_in(user, user.email, expect=401)
    sign_in(user, "new." + user.email)


def test_the_reminder_time_of_all_day_tasks_follows_the_preference(user):
    user.patch("/api/auth/me", json={"preferences": {"default_reminder_time": "07:15"}})
    user.todo(due_date="2099-01-10T10:00:00Z", all_day=True)
    pending = wait_until(lambda: user.get("/api/reminders?state=pending").json()["items"], what="the bell")
    assert pending[0]["fire_at"] == "2099-01-10T06:15:00Z"


def test_sessions(user):
    answer = sign_in(user, user.email)
    token = answer.json()["token"]
    sessions = user.get("/api/auth/sessions").json()["items"]
    assert len(sessions) == 2 and [s["current"] for s in sessions].count(True) == 1
    theirs = next(s for s in sessions if not s["current"])
    user.delete(f"/api/auth/sessions/{theirs['id']}")
    user.delete(f"/api/auth/sessions/{theirs['id']}", 404)
    user.get("/api/auth/me", 401, headers={"Authorization": f"Bearer {token}"})
    tokens = [sign_in(user, user.email).json()["token"] for _ in range(2)]
    user.delete("/api/auth/sessions")
    for token in tokens:
        user.get("/api/auth/me", 401, headers={"Authorization": f"Bearer {token}"})
    assert [s["current"] for s in user.get("/api/auth/sessions").json()["items"]] == [True]


def test_api_tokens(user):
    answer = user.post("/api/tokens", 201, json={"name": "script"})
    made = answer.json()
    assert answer.headers["Location"] == f"/api/tokens/{made['id']}"
    script = Api(user.server, made["token"])
    todo = script.todo("by script")
    assert user.get(f"/api/todos/{todo['id']}").json() == todo
    assert user.audit_when(1)[0]["actor"] == f"token:{made['id']}"
    listed = user.get("/api/tokens").json()["items"]
    assert [t["id"] for t in listed] == [made["id"]] and "token" not in listed[0] and listed[0]["expires_at"] is None
    for method, path, body in (("POST", "/api/tokens", {"name": "more"}), ("DELETE", "/api/auth/me", {"password": PASSWORD}), ("DELETE", "/api/auth/sessions", None),
                               ("POST", "/api/auth/change-password", {"current_password": PASSWORD, "new_password": "three ferns and a bell"})):
        script.request(method, path, 403, json=body)
    user.delete(f"/api/tokens/{made['id']}")
    script.get("/api/todos", 401)
    user.delete(f"/api/tokens/{made['id']}", 404)
    more = [Api(user.server, user.post("/api/tokens", 201, json={"name": f"t{i}"}).json()["token"]) for i in range(2)]
    user.delete("/api/tokens")
    for api in more:
        api.get("/api/todos", 401)
    assert user.get("/api/tokens").json()["items"] == []


def test_api_tokens_expire(user):
    past = user.post("/api/tokens", 422, json={"name": "x", "expires_at": later(seconds=-1)})
    assert [e["field"] for e in past.json()["errors"]] == ["expires_at"]
    made = user.post("/api/tokens", 201, json={"name": "x", "expires_at": later(seconds=1)}).json()
    script = Api(user.server, made["token"])
    script.get("/api/todos")
    wait_until(lambda: script.get("/api/todos", None).status_code == 401, 5, "the token to expire")


def test_a_deleted_account_is_gone(server, other):
    user = Api(server).signed_up()
    todo = user.todo(tags=["secret"])
    token = user.post("/api/tokens", 201, json={"name": "x"}).json()["token"]
    wrong = user.delete("/api/auth/me", 422, json={"password": "not this one"})
    assert [e["field"] for e in wrong.json()["errors"]] == ["password"]
    user.delete("/api/auth/me", json={"password": PASSWORD})
    user.get("/api/todos", 401)
    Api(server, token).get("/api/todos", 401)
    sign_in(user, user.email, expect=401)
    other.get(f"/api/todos/{todo['id']}", 404)
    again = Api(server).post("/api/auth/sign-up", 201, json={"name": "x", "email": user.email, "password": PASSWORD}).json()
    assert Api(server, again["token"]).all_todos() == []


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer x", "Basic YTpi", "bearer", "Bearer eyJhbGciOiJub25lIn0.e30.", "Bearer a.b.c",
                                    "Bearer " + "x" * 5000, "Token abc"])
def test_bad_credentials_answer_401(nobody, header):
    nobody.get("/api/todos", 401, headers={"Authorization": header})


def test_wrong_sign_ins_are_throttled_by_account_and_address(tmp_path):
    server = Server(tmp_path, SIGN_INS_PER_ACCOUNT="3", SIGN_INS_PER_ADDRESS="8", SIGN_UPS_PER_ADDRESS="2").start()
    try:
        ada, grace = Api(server).signed_up(), Api(server).signed_up()
        refused = Api(server).post("/api/auth/sign-up", 429, json={"name": "x", "email": "x@example.org", "password": PASSWORD})
        assert int(refused.headers["Retry-After"]) > 0
        for _ in range(3):
            sign_in(ada, ada.email, "wrong password", 401)
        assert int(sign_in(ada, ada.email, PASSWORD, 429).headers["Retry-After"]) > 0
        sign_in(ada, grace.email)
        for i in range(5):
            sign_in(ada, f"nobody{i}@example.org", "wrong password", 401)
        sign_in(ada, grace.email, "wrong password", 429)
    finally:
        server.stop()
