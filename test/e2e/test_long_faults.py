"""The faults that take longer, each under load (`make e2e-all`)."""
import pathlib
import time

import psycopg
import pytest

from carillon import wait_until
from cluster import Cluster, running
from faults import prove_topics, under_load

pytestmark = [pytest.mark.long, pytest.mark.timeout(600)]


def caught_up(database_url, timeout):
    """How many events wait now, and the seconds until every subscriber has those: new ones go on coming meanwhile."""
    began = time.monotonic()
    with psycopg.connect(database_url, autocommit=True) as connection:
        behind = "SELECT count(*) FROM outbox o WHERE position <= %s AND NOT EXISTS (SELECT 1 FROM task_events WHERE event_id = o.id)"
        lanes = "SELECT count(*) FROM inbox i WHERE handled_at IS NULL AND event_id IN (SELECT id FROM outbox WHERE position <= %s)"
        [last] = connection.execute("SELECT max(position) FROM outbox").fetchone()
        [waiting] = connection.execute(behind, (last,)).fetchone()
        wait_until(lambda: connection.execute(behind, (last,)).fetchone() == (0,) and connection.execute(lanes, (last,)).fetchone() == (0,),
                   timeout, "what waited during the outage", pause=0.1)
    return waiting, time.monotonic() - began


def test_the_broker_is_stopped_for_a_minute(cluster, capsys):
    with under_load(cluster, settle=180) as load:
        cluster.kafka.stop()
        time.sleep(60)
        cluster.kafka.start()
        waited, took = caught_up(cluster.postgres.url, 180)
    assert not load.tally.refused, "the API does not need the broker"
    with capsys.disabled():
        print(f"\n{waited} events waited for the broker; all subscribers had them {took:.1f} s after it was back, at {load.tally.rate:.0f} changes/s")


def test_the_broker_is_frozen_for_30_seconds(cluster):
    with under_load(cluster, settle=180) as load:
        cluster.kafka.freeze()
        time.sleep(30)
        cluster.kafka.resume()
    assert not load.tally.refused, "the API does not need the broker"


def test_the_scheduler_is_killed(cluster):
    with under_load(cluster, after=5, settle=120) as load:
        cluster.scheduler.kill()
        time.sleep(5)
        cluster.scheduler.start()
    assert not load.tally.refused, "the API does not need the scheduler"


def test_postgresql_is_restarted(cluster):
    with under_load(cluster, before=5, after=10):
        cluster.postgres.restart()


def test_postgresql_is_stopped_for_20_seconds(cluster):
    with under_load(cluster, before=20, after=30, rate=200) as load:
        cluster.postgres.halt()
        time.sleep(20)
        cluster.postgres.restart()
    assert set(load.tally.refused) <= {503, "lost"}


def test_the_replicas_are_restarted_one_after_the_other(cluster):
    with under_load(cluster):
        for replica in cluster.replicas:
            replica.stop()
            replica.start(30)
            time.sleep(2)


def test_the_partitions_are_given_out_anew(cluster):
    """A consumer leaves the group and comes back: partitions move under load, there and back."""
    with under_load(cluster) as load:
        for sidecar in cluster.sidecars:
            sidecar.stop()                  # leaves the group: its partitions go to the other
            time.sleep(3)
            sidecar.start()
            cluster.wait_joined()           # and some come back
    assert not load.tally.refused


def test_the_clocks_are_five_seconds_apart(tmp_path):
    """The second replica lives 5 s ahead of the first, its sidecar and the database."""
    whole = Cluster(tmp_path)
    [library] = pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
    whole.replicas[1].outside |= {"LD_PRELOAD": str(library), "FAKETIME": "+5s"}
    with running(whole):
        with under_load(whole, bells=(6, 8), after=6):
            time.sleep(10)
        prove_topics(whole, exactly_once=True)
