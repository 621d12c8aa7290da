"""Changes and live clients while parts are replaced, restarted and deleted. Nobody is refused but by a 503 that says when to come
again, no acknowledged change is lost or doubled, every live client resumes."""
import contextlib
import os

import pytest

from carillon import wait_until
from faults import under_load

pytestmark = pytest.mark.timeout(600)
RATE, LIVE_CLIENTS = 50, 20
CHART = os.path.join(os.path.dirname(__file__), "../../deploy/helm/carillon")
DAPR = ["dapr-operator", "dapr-sentry", "dapr-sidecar-injector", "dapr-placement-server-0", "dapr-scheduler-server-0", "dapr-scheduler-server-1",
        "dapr-scheduler-server-2"]


@pytest.fixture
def fault(installation, row):
    """`with fault(name, may_refuse)`: the block under load; proves what must hold. `may_refuse`: what clients may see besides answers."""
    @contextlib.contextmanager
    def run(name, may_refuse=(503,)):
        installation.all_ready()
        with under_load(installation, rate=RATE, followers=LIVE_CLIENTS, settle=180.0) as load:
            yield
        tally = load.tally
        resumed = sum(f.reconnects > 1 for followers in load.followers.values() for f in followers)
        row(name, f"{tally.answered:5} changes", f"{tally.rate:4.0f}/s", f"slowest {tally.slowest:5.2f} s", f"refused {dict(tally.refused)}",
            f"{resumed} of {LIVE_CLIENTS} live clients cut off, all have every event")
        assert set(tally.refused) <= set(may_refuse), f"refused: {dict(tally.refused)}"
        assert tally.answered >= 200, f"not enough load for a proof: {tally}"

    return run


def image_tags(installation):
    return {c["image"].rsplit(":", 1)[1] for p in installation.pods() for c in p["spec"]["containers"] if c["name"] == "carillon"}


def upgrade(installation, tag):
    installation.helm("upgrade", installation.release, CHART, "--reuse-values", "--set", f"image.tag={tag}", "--wait", "--timeout", "5m")
    installation.all_ready()
    assert image_tags(installation) == {tag}


def test_helm_upgrade_to_another_image(installation, fault):
    with fault("helm upgrade to another image tag", may_refuse=()):
        upgrade(installation, "0.1.1")


def test_helm_rollback(installation, fault):
    upgrade(installation, "0.1.0")
    upgrade(installation, "0.1.1")
    with fault("helm rollback", may_refuse=()):
        installation.helm("rollback", installation.release, "--wait", "--timeout", "5m")
        installation.all_ready()
    assert image_tags(installation) == {"0.1.0"}


def test_each_application_pod_is_deleted(installation, fault):
    with fault("deletion of each application pod in turn", may_refuse=()):
        for pod in installation.names():
            installation.kubectl("delete", "pod", pod)
            installation.rolled_out("deployment/carillon")


def test_an_application_pod_is_killed(installation, fault):
    with fault("an application pod killed without warning", may_refuse=("lost", 503)):
        installation.kubectl("delete", "pod", installation.names()[0], "--grace-period=0", "--force")
        installation.rolled_out("deployment/carillon")


@pytest.mark.parametrize("pod", DAPR)
def test_a_dapr_pod_is_deleted(installation, fault, pod):
    selector = f"app={pod.rstrip('-0123456789')}"
    names = [n for n in installation.names(selector, namespace="dapr-system") if n.startswith(pod)]
    assert names, f"no pod {pod}"
    with fault(f"deletion of {pod}", may_refuse=()):
        installation.kubectl("delete", "pod", *names, namespace="dapr-system")
        installation.all_ready(namespace="dapr-system")


def restart_container(installation, selector, container, signal, namespace=None):
    """Ends its first process; the kubelet starts the container again in the same pod, on the same volume."""
    [pod] = installation.names(selector, namespace=namespace)
    before = installation.restarts(selector, namespace)
    installation.execute(pod, f"kill -{signal} 1", container, namespace)
    wait_until(lambda: installation.restarts(selector, namespace) > before, 120, "the restart", pause=0.5)
    installation.all_ready(namespace=namespace)
    assert installation.names(selector, namespace=namespace) == [pod]


def test_kafka_is_restarted(installation, fault):
    with fault("restart of the Kafka container", may_refuse=()):
        restart_container(installation, "strimzi.io/broker-role=true", "kafka", "TERM", "kafka")


def test_postgresql_is_restarted(installation, fault):
    with fault("restart of the PostgreSQL container", may_refuse=(503,)):
        restart_container(installation, "app.kubernetes.io/name=carillon-postgres", "postgres", "INT")
