"""The command line, with and without a running server: accounts, lists, the log, backup and restore, doctor."""
import json
import os
import re
import sqlite3
import subprocess
import threading

import pytest

from carillon import BINARY, PASSWORD, Api, Server, wait_until
from contract import ROOT

LIST = "# Home\n\n- [ ] Buy soap\n- [x] Wash the car\n- [ ] Call Ana\n"


def signed_in(server, email, password=PASSWORD):
    api = Api(server)
    api.token = api.post("/api/auth/sign-in", json={"email": email, "password": password}).json()["token"]
    return api


def add_user(server, email="ana@example.org"):
    done = server.command("user", "add", "--email", email, "--name", "Ana", input=PASSWORD + "\n")
    assert done.returncode == 0, done.stderr
    return email


@pytest.mark.parametrize("running", [True, False], ids=["served", "alone"])
def test_a_list_comes_in_and_goes_out(tmp_path, running):
    server = Server(tmp_path)
    (tmp_path / "list.md").write_text(LIST, encoding="utf-8")
    if running:
        server.start()
    email = add_user(server)
    dry = server.command("import", "list.md", "--user", email, "--dry-run")
    assert dry.returncode == 0 and "3" in dry.stdout, dry
    assert json.loads(server.command("export", "--format", "json", "--user", email).stdout)["tasks"] == []
    assert server.command("import", "list.md", "--user", email).returncode == 0
    again = server.command("import", "list.md", "--user", email)
    assert again.returncode == 0 and re.search(r"\b0 added", again.stdout), again
    exported = json.loads(server.command("export", "--format", "json", "--user", email).stdout)
    assert sorted(t["title"] for t in exported["tasks"]) == ["Buy soap", "Call Ana", "Wash the car"]
    assert server.command("export", "--format", "ical", "--user", email).stdout.count("BEGIN:VTODO") == 3
    if not running:
        server.start()
    wait_until(lambda: server.command("audit", "list", "--user", email).stdout.count("task.created") == 3, what="three entries")
    assert len(signed_in(server, email).all_todos()) == 3
    server.stop()


def test_what_cannot_be_done_says_why(tmp_path):
    server = Server(tmp_path)
    for arguments, code, words in [
            (["import", "nowhere.md", "--user", "a@example.org"], 1, "nowhere.md"),
            (["export", "--user", "nobody@example.org"], 1, "no user nobody@example.org"),
            (["backup", "/proc/nothing/b.db"], 1, "/proc/nothing/b.db"),
            (["restore", "nowhere.db"], 2, "nowhere.db"),
            (["fly"], 2, "fly"), ([], 2, "")]:
        done = server.command(*arguments)
        assert done.returncode == code and words in done.stderr + done.stdout, (arguments, done)
        assert "terminate called" not in done.stderr
    assert server.command("user", "set-password", "--email", "nobody@example.org", input="x y z long enough\n").returncode == 1


def test_a_new_password_ends_the_sessions(tmp_path):
    server = Server(tmp_path).start()
    user = Api(server).signed_up()
    with user.live() as socket:
        socket.ready()
        done = server.command("user", "set-password", "--email", user.email, input="another fern and a bell\n")
        assert done.returncode == 0, done.stderr
        socket.wait_closed()
    user.get("/api/auth/me", 401)
    signed_in(server, user.email, "another fern and a bell").get("/api/auth/me")
    server.stop()


def test_a_backup_taken_under_writes_is_a_moment_of_the_past(tmp_path):
    server = Server(tmp_path).start()
    user = Api(server).signed_up()
    stop, made = threading.Event(), []

    def write():
        api = user.again()
        while not stop.is_set():
            made.append(api.todo(f"task {len(made)}")["id"])

    writer = threading.Thread(target=write)
    writer.start()
    wait_until(lambda: len(made) > 50, what="some writes")
    before = len(made)
    backup = server.command("backup", "copy.db")
    stop.set()
    writer.join()
    assert backup.returncode == 0, backup.stderr
    assert server.command("backup", "copy.db").returncode == 1, "an existing file is not written over"
    assert os.stat(tmp_path / "copy.db").st_mode & 0o077 == 0
    refused = server.command("restore", "copy.db", "--force")
    assert refused.returncode == 1 and "running" in refused.stderr, refused
    server.kill()
    refused = server.command("restore", "copy.db")
    assert refused.returncode == 1 and "--force" in refused.stderr, refused
    (tmp_path / "torn.db").write_bytes((tmp_path / "copy.db").read_bytes()[:40960])
    assert server.command("restore", "torn.db", "--force").returncode == 1, "a damaged copy replaces nothing"
    assert server.command("restore", "copy.db", "--force").returncode == 0
    server.start()
    api = user.again()
    kept = sorted(t["id"] for t in api.all_todos())
    assert kept == made[:len(kept)] and len(kept) >= before, "a prefix of the writes, with all that had been answered"
    assert [e["sequence"] for e in api.audit_when(len(kept))] == list(range(1, len(kept) + 1))
    assert api.todo("goes on")["id"] > max(kept)
    server.stop()
    assert list(tmp_path.glob("carillon.db.before-restore-*")), "the replaced database is kept"


def test_doctor_names_what_is_wrong(tmp_path):
    server = Server(tmp_path)
    well = server.command("doctor")
    assert well.returncode == 0 and "the database answers" in well.stdout, well
    server.start()
    assert "a server is running" in server.command("doctor").stdout
    taken = server.address
    server.stop()
    os.chmod(tmp_path / "carillon.db", 0o644)
    open_to_all = server.command("doctor")
    assert open_to_all.returncode == 1 and "chmod 600" in open_to_all.stdout + open_to_all.stderr, open_to_all
    away = Server(tmp_path, "postgresql://nobody:s3cret@127.0.0.1:1/none").command("doctor")
    assert away.returncode == 1 and "database" in away.stdout + away.stderr and "s3cret" not in away.stdout + away.stderr, away
    other = Server(tmp_path / "other-folder", LISTEN=taken)
    (tmp_path / "other-folder").mkdir()
    assert other.command("doctor").returncode == 0


def test_health_asks_a_running_server(tmp_path):
    server = Server(tmp_path)
    server.start()
    for address in (server.management.removeprefix("http://"), server.address, server.address.replace("127.0.0.1", "localhost")):
        well = server.command("health", address)
        assert well.returncode == 0 and '"status":"ready"' in well.stdout, well
    server.stop()
    away = server.command("health", server.address)
    assert away.returncode == 1 and away.stderr, away
    assert server.command("health", "nowhere").returncode == 1


def test_a_second_server_on_the_same_file_is_refused(tmp_path):
    server = Server(tmp_path).start()
    second = subprocess.run([BINARY, "serve"], cwd=tmp_path, env=server.environment, capture_output=True, text=True, timeout=30, check=False)
    assert second.returncode == 1 and len(second.stderr.strip().splitlines()) == 1, second
    Api(server).signed_up().todo()
    server.stop()


def tables(connection, backend):
    if backend == "sqlite":
        found = connection.execute("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").fetchall()
        names = [name for name, sql in found if "VIRTUAL TABLE" not in sql]  # an index, whose own tables are among these
        for name in names:
            yield name, [tuple(map(str, row)) for row in connection.execute(f'SELECT * FROM "{name}"')]
    else:
        names = [r[0] for r in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()]
        for name in names:
            yield name, [tuple(map(str, row)) for row in connection.execute(f'SELECT * FROM "{name}"').fetchall()]


def test_a_deleted_account_leaves_nothing_but_pseudonyms(tmp_path, database_url, backend):
    """Every table is read: neither the user's id nor a word of theirs is left, but for the log's entries without payload."""
    import psycopg
    server = Server(tmp_path, database_url).start()
    user, other = Api(server).signed_up(name="Zebedee"), Api(server).signed_up()
    task = user.todo("zebra crossing", description="zebra", tags=["zebra"], due_date="2099-01-31T08:00:00Z", recurrence={"rule": "monthly"})
    user.post(f"/api/todos/{task['id']}/complete", headers={"Idempotency-Key": "zebra-key"})
    wait_until(lambda: len(user.all_todos(status="active")) == 1, what="the next occurrence")
    user.post("/api/ws-ticket", 201)
    user.post("/api/tokens", 201, json={"name": "zebra"})
    kept = other.todo("a word of another")
    entries = len(user.audit_when(3))
    socket = user.live()
    socket.ready()
    user.delete("/api/auth/me", json={"password": PASSWORD})
    socket.wait_closed()
    wait_until(lambda: len(other.audit()) == 1, what="the log")
    server.stop()
    connection = sqlite3.connect(tmp_path / "carillon.db") if backend == "sqlite" else psycopg.connect(database_url)
    seen = dict(tables(connection, backend))
    connection.close()
    assert len(seen) >= 15 and any(str(kept["id"]) in row for row in seen["tasks"])
    for name, rows in seen.items():
        text = "\n".join(" ".join(row) for row in rows).lower()
        assert "zebra" not in text and "zebedee" not in text and user.email not in text, name
        if name == "task_events":
            assert text.count(user.user["id"]) >= entries, "the log keeps its entries, without their payload"
        elif name != "users":  # its row stays as the pseudonym
            assert user.user["id"] not in text, name


def test_the_example_settings_are_those_of_the_program(tmp_path):
    shown = {line.split(" = ")[0] for line in Server(tmp_path).command("config", "show").stdout.splitlines() if " = " in line}
    documented = set(re.findall(r"^#?\s*([a-z_]+) = ", (ROOT / "config/carillon.toml").read_text(encoding="utf-8"), flags=re.M))
    example = {n.lower() for n in re.findall(r"^#?\s*CARILLON_([A-Z_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), flags=re.M)}
    assert shown and shown == documented
    assert example and {n for n in example if n not in shown and n.removesuffix("_file") not in shown} == set()
