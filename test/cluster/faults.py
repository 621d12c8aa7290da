"""A fault under load, and the proof afterwards that nothing was lost, doubled or put out of order."""
import contextlib
import threading
import time

import psycopg

from carillon import Api
from follower import Follower
from load import steady
from proof import Client, check, check_tables
from topics import check_topic, read_topic

USERS = 6                # spread over the partitions
CLIENTS = 24             # each has at most one write in flight
RATE = 150               # offered changes a second
LEAST = 100              # changes a second that the API must take for the proof to count
FOLLOWERS = 12


class Load:
    """Writes through the proxy, and live clients there, `followers` shared out among the users, from the start until stop()."""

    def __init__(self, cluster, rate=RATE, bells=(0.05, 0.6), followers=FOLLOWERS):
        self._address = cluster.address
        self._rate = rate
        self.users = [Api(cluster).signed_up(timezone="UTC") for _ in range(USERS)]
        self.clients = [Client(self.users[i % USERS], i, bells) for i in range(CLIENTS)]
        self.followers = {user: [Follower(user.token, cluster.address) for _ in range(i, followers, USERS)] for i, user in enumerate(self.users)}
        self._over = threading.Event()
        self._failure = self.tally = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            self.tally = steady(self._address, self.clients, self._rate, self._over.is_set,
                                lambda client, call: client.answered(call))
        except BaseException as failure:    # noqa: BLE001 it is raised again where it counts
            self._failure = failure

    def stop(self):
        self._over.set()
        self._thread.join(90)
        if self._failure:
            raise self._failure
        assert self.tally, "calls were never answered"
        print(self.tally)
        return self.tally


@contextlib.contextmanager
def under_load(cluster, before=2.0, after=3.0, settle=90.0, **load):
    """Runs the block under load and proves what must hold. Yields the Load, whose `tally` tells afterwards what the API did."""
    running = Load(cluster, **load)
    time.sleep(before)
    yield running
    time.sleep(after)
    tally = running.stop()
    prove(cluster, running, settle)
    assert tally.rate >= LEAST or "rate" in load, f"not enough load for a proof: {tally}"


def prove(cluster, load, settle):
    for user in load.users:
        last = check(user, [c for c in load.clients if c.api is user], settle)
        for follower in load.followers[user]:
            deadline = time.monotonic() + 40        # a lost tail shows with the next head, 25 s later
            while follower.last < last and time.monotonic() < deadline:
                time.sleep(0.05)
            follower.stop()
            assert not follower.wrong, follower.wrong[:5]
            assert follower.last == last, f"a live client has {follower.last} of {last}, reconnected {follower.reconnects} times"
            assert len(follower.ids) == len(set(follower.ids)) and (follower.reloads or len(follower.ids) == last)
    check_tables(None, cluster.postgres.url, settle)
    prove_topics(cluster, exactly_once=False, users=[user.user["id"] for user in load.users])


def prove_topics(cluster, exactly_once, users=None):
    """Every event of the database is in its topic, and nothing else is; of those `users`, or of all."""
    with psycopg.connect(cluster.postgres.url) as connection:
        events = connection.execute("SELECT topic, id FROM outbox WHERE %s::text[] IS NULL OR user_id = ANY(%s)", (users, users)).fetchall()
    for topic in ("task-events", "reminder-events"):
        records = [r for r in read_topic(cluster.kafka.address, topic) if users is None or r["key"] in users]
        check_topic(records, [i for t, i in events if t == topic], exactly_once)
