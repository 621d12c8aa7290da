"""The main job, once through: two clients of one user, a recurring task with a bell, its next occurrence, and a crash."""
import time

from carillon import Api, Server
from story import tell


def test_the_story(tmp_path, database_url):
    server = Server(tmp_path, database_url).start()
    user, stranger = Api(server).signed_up(timezone="UTC"), Api(server).signed_up(name="Grace")
    laptop, phone, strange = user.live(), user.live(query=True), stranger.live()
    told = tell(user, stranger, [laptop, phone], strange)
    entries = told.entries

    # Killed and started again: all of it is still there, and nothing happens twice.
    tags, reminders = user.get("/api/tags").json(), (told.unseen, told.pending)
    server.kill()
    server.start()
    user, stranger = user.again(), stranger.again()
    with user.live(last_sequence=4) as live:
        assert live.ready() == {"type": "resumed", "recovered": True, "sequence": 4}
        assert sorted(user.all_todos(), key=lambda t: t["id"]) == sorted([told.done, told.following], key=lambda t: t["id"])
        assert user.get("/api/tags").json() == tags
        assert (user.get("/api/reminders").json()["items"], user.get("/api/reminders?state=pending").json()["items"]) == reminders
        marker = user.todo("afterwards")
        live.wait_event("task.created", marker["id"])
        assert [e["sequence"] for e in live.events] == [5], "nothing was sent twice"
    with user.live(last_sequence=0) as live:
        live.wait(lambda s: len(s.events) == 5, what="the whole story again")
        assert [e["data"] for e in live.events[:4]] == [e["payload"] for e in entries]
    time.sleep(1)
    assert user.audit_when(5) == [*entries, user.get("/api/audit?limit=1").json()[0]]
    assert stranger.audit() == [] and stranger.all_todos() == []
    server.stop()
