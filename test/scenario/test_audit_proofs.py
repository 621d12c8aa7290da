"""The log proves itself: whatever is done to it with a database shell is found and located, and a clean one is never accused."""
import base64
import collections
import json
import random
import re
import shutil
import threading

import pytest

from attacker import Attacker, root_of
from carillon import Api, Postgres, Server, wait_until

TAMPERINGS = {"sqlite": 500, "postgresql": 100}
PASSWORD = "correct horse battery\n"


def found(result):
    """The entry that the first finding names; None for none."""
    first = next(line for line in result.stdout.splitlines() if line.startswith("NOT SOUND: "))
    number = re.search(r"\bentr(?:y|ies) (\d+)", first)
    return int(number.group(1)) if number else None


def sound(server):
    result = server.command("audit", "verify")
    assert result.returncode == 0 and result.stdout.startswith("sound: "), result.stdout + result.stderr
    return {name: int(value) for value, name in re.findall(r"(\d+) (entries|covered|erased|not covered|in the witness)", result.stdout)}


KEY, WITNESS = "carillon.db.audit-key", "carillon.db.audit-witness"


def server_in(folder, database_url=None, **settings):
    """With the key and the witness where SQLite has them."""
    server = Server(folder, database_url, AUDIT_KEY_FILE=str(folder / KEY), AUDIT_WITNESS_FILE=str(folder / WITNESS), **settings)
    if not (folder / KEY).exists():
        assert server.command("audit", "make-key").returncode == 0
    return server


class Log:
    """A database with a log of several checkpoints, to be copied and attacked."""

    def __init__(self, folder, backend):
        self.folder = folder
        self.backend = backend
        folder.mkdir()
        self.database = Postgres() if backend == "postgresql" else None
        self._copies = [self.database]
        self.server = server_in(folder, self.database and self.database.url)
        for who in ("ada", "grace"):
            result = self.server.command("user", "add", "--email", f"{who}@example.org", "--name", who, input=PASSWORD)
            assert result.returncode == 0, result.stderr
        for round_number in range(8):
            for who, count in (("ada", 7), ("grace", 4)):
                (folder / "list.md").write_text("".join(f"- [ ] {who} {round_number} {i} with a plan\n" for i in range(count)))
                self.import_list(who, count)
            if round_number == 4:
                self.older = self.copied(folder / "older", self.database, folder)
        self.size = sound(self.server)["covered"]
        attacker = Attacker(self.copy(folder / "looked-at"))
        self.checkpoints = {row["size"]: row["note"] for row in attacker.db.execute("SELECT size, note FROM audit_checkpoints")}
        self.hashes = attacker.compute_hashes()
        attacker.close()

    def import_list(self, who, count):
        before = sound(self.server)["entries"]
        if self.database:
            self.server.start()   # which hands the events on; on SQLite the command does
        assert self.server.command("import", "list.md", "--user", f"{who}@example.org").returncode == 0
        if self.database:
            wait_until(lambda: sound(self.server)["entries"] == before + count, 20, "the entries", pause=0.1)
            self.server.stop()

    def copied(self, folder, database, files):
        """A server in `folder` on a copy of `database` (SQLite's is among the files), with the key and the witness of `files`."""
        folder.mkdir(exist_ok=True)
        for name in (KEY, WITNESS, *(() if database else ("carillon.db",))):
            shutil.copy(files / name, folder / name)
        if database:
            self._copies.append(Postgres(database))
        server = server_in(folder, database and self._copies[-1].url)
        server.database = self._copies[-1]
        return server

    def copy(self, folder):
        return self.copied(folder, self.database, self.folder)

    def drop(self, copies=None):
        for database in copies or self._copies:
            if database:
                database.drop()


@pytest.fixture(scope="module", params=TAMPERINGS)
def log(request, tmp_path_factory):
    made = Log(tmp_path_factory.mktemp("proofs") / "clean", request.param)
    yield made
    made.drop()


def test_the_tree_is_the_one_that_the_documents_describe(log):
    assert log.size == 88 and len(log.checkpoints) == 16
    for size, note in log.checkpoints.items():
        assert note.splitlines()[1] == str(size)
        assert note.splitlines()[2] == base64.b64encode(root_of(log.hashes[:size])).decode()


# --- 500 tamperings. Each gives the entry that must be named, or None where no single one can be.

def flip(a, pick, size):
    entry = pick.choice(a.entries())
    column = pick.choice(["event_id", "user_id", "task_id", "type", "payload", "created_at", "sequence", "actor"])
    value = entry[column]
    if isinstance(value, int):
        value ^= 1 << pick.randrange(40)
    else:
        at = pick.randrange(len(value))
        value = pick.choice([value[:at] + chr(ord(value[at]) ^ 1) + value[at + 1:], value + " ", " " + value, value[:at] + value[at + 1:],
                             value + "\0", value.replace(":", ": ", 1) if ":" in value else value + "x"])
    a.set_entry(entry["position"], **{column: value})
    return entry["position"]


def move_byte_between_fields(a, pick, size):
    entry = pick.choice(a.entries())
    a.set_entry(entry["position"], type=entry["type"] + entry["actor"][0], actor=entry["actor"][1:])
    return entry["position"]


def delete(a, pick, size):
    position = pick.randrange(1, size)
    a.remove(position)
    return position


def delete_and_close_the_gap(a, pick, size):
    position = pick.randrange(1, size)
    a.remove(position)
    a.shift(position + 1, -1)
    return position


def insert(a, pick, size):
    position = pick.randrange(1, size + 1)
    copied = pick.choice(a.entries())
    a.shift(position, 1)
    a.insert(position, pick.getrandbits(63), copied | {"event_id": "evt-forged"})
    return position


def replace(a, pick, size):
    position = pick.randrange(1, size + 1)
    copied = pick.choice([e for e in a.entries() if e["position"] != position])
    tag = a.leaves()[pick.choice([position, copied["position"]])]["tag"]
    a.remove(position)
    a.insert(position, tag, copied | {"event_id": "evt-forged"})
    return position


def swap(a, pick, size):
    first, second = sorted(pick.sample(range(1, size + 1), 2))
    a.swap(first, second, pick.choice([("task_events", "audit_leaves"), ("task_events",), ("audit_leaves",)]))
    return first


def erase_one(a, pick, size):
    position = pick.randrange(1, size + 1)
    a.set_entry(position, payload=None)
    a.db.execute("UPDATE audit_leaves SET salt = NULL WHERE position = ?", (position,))
    return position


def truncate(a, pick, size):
    left = pick.randrange(1, size)
    a.cut_off(left)
    return left + 1


def truncate_entries_only(a, pick, size):
    left = pick.randrange(1, size)
    a.db.execute("DELETE FROM task_events WHERE position > ?", (left,))
    return left + 1


def cut_off_the_tree_and_rewrite(a, pick, size):
    """The leaves go as if there had been none yet, so that the next checkpoint would cover the changed entries."""
    left = pick.randrange(1, size)
    for table, column in (("audit_leaves", "position"), ("audit_checkpoints", "size")):
        a.db.execute(f"DELETE FROM {table} WHERE {column} > ?", (left,))
    a.set_entry(size, payload="{}")


def remove_a_checkpoint(a, pick, size):
    sizes = [row["size"] for row in a.db.execute("SELECT size FROM audit_checkpoints")]
    a.db.execute("DELETE FROM audit_checkpoints WHERE size = ?", (pick.choice(sizes),))


def forge_a_checkpoint(a, pick, size):
    row = pick.choice(a.db.execute("SELECT size, note FROM audit_checkpoints").fetchall())
    at = pick.randrange(len(row["note"]))
    note = row["note"][:at] + chr(ord(row["note"][at]) ^ 1) + row["note"][at + 1:]
    a.db.execute("UPDATE audit_checkpoints SET note = ? WHERE size = ?", (note, row["size"]))


def change_a_leaf(a, pick, size):
    position = pick.randrange(1, size + 1)
    column, value = pick.choice([("salt", base64.b64encode(pick.randbytes(16)).decode()), ("salt", None), ("tag", pick.getrandbits(63))])
    a.db.execute(f"UPDATE audit_leaves SET {column} = ? WHERE position = ?", (value, position))
    return position


WITH_HASHES = [flip, flip, flip, flip, move_byte_between_fields, delete, delete_and_close_the_gap, insert, replace, swap, swap,
               erase_one, truncate, truncate_entries_only, cut_off_the_tree_and_rewrite, remove_a_checkpoint, forge_a_checkpoint,
               change_a_leaf]


@pytest.mark.timeout(800)
def test_every_tampering_is_found_and_located(log, tmp_path):
    pick = random.Random(20270110)
    missed, mislocated, done = [], [], collections.Counter()
    for number in range(TAMPERINGS[log.backend]):
        attack = WITH_HASHES[number % len(WITH_HASHES)]
        server = log.copy(tmp_path / "attacked")
        attacker = Attacker(server)
        position = attack(attacker, pick, log.size)
        if pick.random() < 0.8:
            attacker.compute_hashes()
        attacker.close()
        result = server.command("audit", "verify")
        what = f"{number} {attack.__name__} at {position}: {result.stdout}{result.stderr}"
        assert result.returncode in (0, 1) and "carillon:" not in result.stderr, what
        done[attack.__name__] += 1
        if result.returncode == 0:
            missed.append(what)
        elif position is not None and found(result) != position:
            mislocated.append(what)
        shutil.rmtree(tmp_path / "attacked")
        log.drop([server.database])
    assert not missed, f"{len(missed)} missed:\n" + "\n".join(missed[:10])
    assert not mislocated, f"{len(mislocated)} not located:\n" + "\n".join(mislocated[:10])
    assert sum(done.values()) == TAMPERINGS[log.backend]


@pytest.mark.parametrize("public_only", [False, True])
def test_an_older_copy_in_its_place_is_found_by_the_witness(log, tmp_path, public_only):
    server = log.copied(tmp_path / "old", log.older.database, log.older.directory)
    shutil.copy(log.folder / WITNESS, tmp_path / "old" / WITNESS)
    keys = [x for key in server.command("audit", "key").stdout.split() for x in ("--key", key)] if public_only else []
    result = server.command("audit", "verify", *keys)
    assert result.returncode == 1 and found(result) == 56, result.stdout
    assert "cut off, or an older copy" in result.stdout
    # It goes on from there, as if nothing had been: the witness still knows.
    (tmp_path / "old/list.md").write_text("".join(f"- [ ] other {i}\n" for i in range(60)))
    assert server.command("import", "list.md", "--user", "ada@example.org").returncode == 0
    result = server.command("audit", "verify", *keys)
    assert result.returncode == 1 and "NOT SOUND" in result.stdout, result.stdout


def test_with_public_keys_alone_the_checkpoint_is_named(log, tmp_path):
    server = log.copy(tmp_path / "attacked")
    keys = [x for key in server.command("audit", "key").stdout.split() for x in ("--key", key)]
    (tmp_path / "attacked" / KEY).unlink()
    assert server.command("audit", "verify", *keys).returncode == 0
    attacker = Attacker(server)
    attacker.set_entry(60, actor="somebody")
    attacker.compute_hashes()
    attacker.close()
    result = server.command("audit", "verify", *keys)
    assert result.returncode == 1 and "of entries 56 to 62 one was changed" in result.stdout, result.stdout


@pytest.mark.timeout(300)
def test_no_false_alarm_after_kills_and_beside_writers(tmp_path, database_url):
    server = server_in(tmp_path, database_url, AUDIT_CHECKPOINT_SECONDS="1").start()
    users = [Api(server).signed_up() for _ in range(4)]
    for _ in range(3):
        stop = threading.Event()

        def write(api):
            while not stop.is_set():
                try:
                    api.todo("written while it dies")
                except Exception:  # pylint: disable=broad-except
                    return

        writers = [threading.Thread(target=write, args=(user.again(),)) for user in users]
        for writer in writers:
            writer.start()
        covered = 0
        for _ in range(3):
            covered = wait_until(lambda: (now := sound(server)["covered"]) > covered and now, 30, "a checkpoint")
        server.kill()
        stop.set()
        for writer in writers:
            writer.join()
        sound(server)
        server.start()
        sound(server)
    server.stop()
    report = sound(server)
    assert report["covered"] == report["entries"] > 0 and report["not covered"] == 0 and report["in the witness"] > 3


def test_an_export_proves_itself_and_an_erased_account_breaks_no_proof(tmp_path):
    server = Server(tmp_path, AUDIT_CHECKPOINT_SECONDS="1").start()
    ada, grace = Api(server).signed_up(), Api(server).signed_up("Grace")
    assert ada.get("/api/audit/checkpoint", 404)
    todo = ada.todo("täglich\u2028gießen", description="  two  spaces ")
    ada.patch(f"/api/todos/{todo['id']}", json={"title": "2"})
    theirs = grace.todo("theirs")
    size = wait_until(lambda: (c := ada.get("/api/audit/checkpoint", None)).status_code == 200 and c.json()["size"] == 3 and 3, what="a checkpoint")
    key = ada.get("/api/audit/checkpoint").json()["keys"][0]
    assert key == server.command("audit", "key").stdout.strip()

    proof = ada.get("/api/audit/1/proof").json()
    assert proof["covered"] and proof["size"] == size and len(proof["path"]) == 2
    assert ada.get("/api/audit/consistency?from=1").json()["path"]
    (tmp_path / "mine.json").write_bytes(ada.get("/api/audit/export").content)
    verify = lambda name: server.command("audit", "verify-export", name, "--key", key)  # noqa: E731
    assert "sound: 2 entries proved" in verify("mine.json").stdout
    exported = json.loads((tmp_path / "mine.json").read_bytes())
    for entry, name, value in ((0, "payload", exported["entries"][0]["payload"] + " "), (1, "actor", "chat"), (0, "sequence", 9), (0, "id", 2),
                               (0, "path", exported["entries"][1]["path"]), (1, "path", None), (0, "content", exported["entries"][1]["content"]),
                               (0, "salt", None), (1, "created_at", "2027-01-01T00:00:00Z"), (0, "user_id", grace.user["id"])):
        forged = json.loads(json.dumps(exported))
        forged["entries"][entry][name] = value
        (tmp_path / "forged.json").write_text(json.dumps(forged))
        result = verify("forged.json")
        assert result.returncode == 1 and "NOT SOUND" in result.stdout, (name, result.stdout, result.stderr)
    (tmp_path / "forged.json").write_text(json.dumps(exported | {"checkpoint": exported["checkpoint"].replace("\n3\n", "\n4\n")}))
    assert "not to be trusted" in verify("forged.json").stderr

    # A long gone account's entries stay, without what they said; every proof holds.
    (tmp_path / "hers.json").write_bytes(grace.get("/api/audit/export").content)
    live = ada.live()
    live.ready()
    ada.delete("/api/auth/me", json={"password": "a fern and a bell"})
    assert live.wait_closed() == 4401
    ada.get("/api/todos", 401)
    grace.todo("after")
    wait_until(lambda: grace.get("/api/audit/checkpoint").json()["size"] == 4, what="a checkpoint")
    assert "sound: 1 entries proved" in verify("hers.json").stdout
    assert grace.get("/api/audit/3/proof").json()["covered"] and theirs
    assert sound(server) | {"in the witness": 0} == {"entries": 4, "covered": 4, "erased": 2, "not covered": 0, "in the witness": 0}
    server.stop()
    attacker = Attacker(server)
    assert [e["payload"] is None for e in attacker.entries()] == [True, True, False, False]
    assert [leaf["salt"] is None for leaf in attacker.leaves().values()] == [True, True, False, False]
    attacker.close()


def test_a_rotated_key_signs_from_the_next_checkpoint_on(tmp_path):
    server = Server(tmp_path, AUDIT_CHECKPOINT_SECONDS="1").start()
    user = Api(server).signed_up()
    user.todo()
    wait_until(lambda: user.get("/api/audit/checkpoint", None).status_code == 200, what="a checkpoint")
    old = server.command("audit", "key").stdout.split()
    new = server.command("audit", "rotate-key").stdout.split()
    assert new[1:] == old and new[0] != old[0]
    user.todo()
    wait_until(lambda: user.get("/api/audit/checkpoint").json()["size"] == 2, what="the next checkpoint")
    assert user.get("/api/audit/checkpoint").json()["keys"] == new
    sound(server)
    result = server.command("audit", "verify", "--key", new[0])
    assert result.returncode == 1 and "checkpoint over 1 entries is not to be trusted" in result.stdout
    server.stop()


def test_entries_that_a_release_without_a_tree_appended_get_their_leaves(log, tmp_path):
    server = log.copy(tmp_path / "mixed")
    attacker = Attacker(server)  # stands for the older release, which knows only task_events
    last = attacker.entries()[-1]
    for position in range(last["position"] + 1, last["position"] + 40):
        attacker.db.execute("INSERT INTO task_events SELECT ?, ?, user_id, task_id, type, payload, created_at, sequence + ?, actor "
                            "FROM task_events WHERE position = ?", (position, f"evt-{position}", position, last["position"]))
    attacker.close()
    assert sound(server)["not covered"] == 39
    running = server.start()
    wait_until(lambda: sound(running)["not covered"] == 0, 20, "the leaves")
    running.stop()


def test_replay_rebuilds_a_task_as_it_was(tmp_path):
    server = Server(tmp_path).start()
    user = Api(server).signed_up()
    first = user.todo("first")
    path = f"/api/todos/{first['id']}"
    second = user.patch(path, json={"title": "second"}).json()
    user.delete(path)
    entries = user.audit_when(3)
    replay = lambda at: server.command("audit", "replay", "--at", at, "--task", str(first["id"]))  # noqa: E731
    assert json.loads(replay(entries[0]["created_at"]).stdout) == first
    assert json.loads(replay(entries[1]["created_at"]).stdout) == second
    assert "deleted" in replay(entries[2]["created_at"]).stderr
    assert replay("2001-01-01T00:00:00Z").returncode == 1 and replay("yesterday").returncode == 1
    server.stop()
