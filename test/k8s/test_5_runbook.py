"""docs/operations.md, "On Kubernetes": its blocks are run as they stand, while accounts with data are there."""
import threading
import time

import httpx
import pytest

from carillon import Api, wait_until
from documents import ROOT, blocks, run
from proof import read_all_audit

pytestmark = pytest.mark.timeout(900)
WRITERS = 6


@pytest.fixture
def follow(row):
    """follow(heading): runs the blocks under that heading. The dump that they leave is removed."""
    def steps(heading):
        began = time.monotonic()
        own = [block for title, block in blocks("docs/operations.md") if title == heading]
        assert own, f"{heading} has no block"
        run("\n".join(own))
        row(f"runbook: {heading}", f"{time.monotonic() - began:.0f} s")

    yield steps
    (ROOT / "carillon.dump").unlink(missing_ok=True)


def back(installation, token):
    """The user of that token, once the way in leads to the new pods: the node learns of them a moment after they are ready."""
    user = Api(installation, token)

    def answers():
        try:
            return user.http.get("/api/todos", headers={"Authorization": f"Bearer {token}"}).status_code == 200
        except httpx.HTTPError:
            return False

    wait_until(answers, 60, "the way in", pause=0.2)
    return user


def titles(user):
    return {t["id"]: t["title"] for t in user.all_todos()}


def test_scaling_and_a_change_undone_by_a_restore(installation, follow):
    user = Api(installation).signed_up()
    kept = [user.todo(f"kept {i}") for i in range(20)]
    follow("Scale")
    assert len(installation.pods()) == 3
    wait_until(lambda: len(user.audit()) >= 20, 60, "the events to be handled")
    follow("Back up")
    user.todo("made after the backup")
    follow("Restore")
    user = back(installation, user.token)
    assert titles(user) == {t["id"]: t["title"] for t in kept}
    user.todo("made after the restore")
    wait_until(lambda: len(user.audit()) == len(kept) + 1, 60, "the log to go on")


class Writer(threading.Thread):
    """Makes one task after another until one is not acknowledged. `made`: [(when it was acknowledged, its id)]."""

    def __init__(self, installation):
        super().__init__(daemon=True)
        self.user = Api(installation).signed_up()
        self.made = []

    def run(self):
        while True:
            try:
                answer = self.user.http.post("/api/todos", json={"title": f"task {len(self.made)}"}, headers={"Authorization": f"Bearer {self.user.token}"})
            except httpx.HTTPError:
                return
            if answer.status_code != 201:
                return
            self.made.append((time.monotonic(), answer.json()["id"]))


def consistent(user):
    """Whether the log has every change of every task that is there, and no other, in one gap-free order."""
    with user.live() as live:
        head = live.ready()["sequence"]
    entries = read_all_audit(user)
    return [e["sequence"] for e in entries] == list(range(1, head + 1)) and {e["task_id"] for e in entries} == set(titles(user))


def test_the_loss_of_the_database_under_load(installation, follow, row):
    writers = [Writer(installation) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    time.sleep(8)
    backup = time.monotonic()
    follow("Back up")
    time.sleep(8)
    lost = time.monotonic()
    installation.kubectl("delete", "statefulset/carillon-postgres", "--cascade=orphan")
    installation.kubectl("delete", "pod/carillon-postgres-0", "pvc/data-carillon-postgres-0", "--grace-period=0", "--force")
    for writer in writers:
        writer.join(60)
        assert not writer.is_alive()
    follow("After the loss of the database")
    follow("Restore")
    users = [back(installation, writer.user.token) for writer in writers]
    there = [titles(user) for user in users]
    row("the database lost under load: until it answers again", f"{time.monotonic() - lost:.0f} s")
    for writer, tasks in zip(writers, there, strict=True):
        before = {task for when, task in writer.made if when < backup}
        assert before and before <= set(tasks) <= {task for _, task in writer.made}, "all that was acknowledged before the backup, and nothing else"
    made, found = sum(len(w.made) for w in writers), sum(len(tasks) for tasks in there)
    assert found < made, "or nothing was lost, and nothing restored"
    row("the database lost under load: changes", f"{made} acknowledged", f"{made - found} lost, of the {lost - backup:.0f} s since the backup began")
    for user in users:
        user.todo("made after the restore")
        wait_until(lambda user=user: consistent(user), 60, "the log to be whole", pause=1)


def test_the_tokens_are_rotated(installation, follow):
    user = Api(installation).signed_up()
    before = installation.secret("carillon-api-token", "token")
    follow("Rotate the sidecar's tokens")
    assert installation.secret("carillon-api-token", "token") != before
    user = back(installation, user.token)
    made = user.todo("made after the rotation")
    wait_until(lambda: len(user.audit()) == 1, 60, "the event to go through the sidecar with its new tokens")
    assert made["id"] in titles(user)
