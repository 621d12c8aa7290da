"""The main job on two replicas: the live clients of one user are on different ones, and what Kafka holds is as documented."""
import json
import urllib.request

import pytest
import yaml

from carillon import Api, wait_until
from faults import prove_topics
from parts import COMPONENTS
from story import tell
from topics import check_documented, read_topic


@pytest.mark.timeout(180)
def test_the_story_with_two_replicas(cluster):
    one, two = cluster.replicas
    user, stranger = Api(one).signed_up(timezone="UTC"), Api(two).signed_up(name="Grace")
    tell(user, stranger, [user.live(), Api(two, user.token).live(query=True)], stranger.live())

    # Nothing was published twice, and what stands in Kafka are the events as documented.
    wait_until(lambda: len(read_topic(cluster.kafka.address, "task-events")) >= 3, what="the events in Kafka")
    prove_topics(cluster, exactly_once=True)
    for topic in ("task-events", "reminder-events"):
        check_documented(read_topic(cluster.kafka.address, topic))

    # A client that was on one replica resumes on the other.
    with Api(two, user.token).live(last_sequence=2) as live:
        assert live.ready() == {"type": "resumed", "recovered": True, "sequence": 4}
        live.wait(lambda s: [e["sequence"] for e in s.events] == [3, 4], what="what was missed")


def test_the_declared_subscriptions_are_the_programmed_ones(cluster):
    replica = cluster.replicas[0]
    request = urllib.request.Request(f"http://127.0.0.1:{replica.sidecar_port}/dapr/subscribe",
                                     headers={"dapr-api-token": replica.app_token})
    with urllib.request.urlopen(request, timeout=10) as answer:
        programmed = json.load(answer)
    declared = [document["spec"] for document in yaml.safe_load_all((COMPONENTS / "subscriptions.yaml").read_text(encoding="utf-8"))]
    for subscription in declared:
        subscription["route"] = subscription.pop("routes")["default"]

    def by_place(subscriptions):
        return sorted(subscriptions, key=lambda s: (s["pubsubname"], s["topic"]))

    assert by_place(declared) == by_place(programmed)
