"""`carillon doctor` beside replicas: a line for each thing they depend on, and what to do about what is wrong."""
import re
import subprocess

import httpx
import pytest

from carillon import BINARY, Api, wait_until


def doctor(replica, **settings):
    environment = replica.environment | {f"CARILLON_{k}": v for k, v in settings.items()}
    return subprocess.run([BINARY, "doctor"], cwd=replica.directory, env=environment, capture_output=True, text=True, timeout=60,
                          check=False)


def bad_lines(replica, **settings):
    done = doctor(replica, **settings)
    bad = [line for line in done.stdout.splitlines() if line.startswith("bad")]
    assert done.returncode == (1 if bad else 0), done
    return bad


def wrong_at(replica):
    """What its /readyz and its metrics say of the bus: ("ok" or "away", why, publishes refused with 401)."""
    detail = httpx.get(replica.management + "/readyz", trust_env=False).json()["detail"]
    metrics = httpx.get(replica.management + "/metrics", trust_env=False).text
    refused = re.search(r'carillon_dapr_failures_total\{part="pubsub",status="401"\} (\d+)', metrics)
    return detail["bus"], detail.get("bus_error", ""), int(refused.group(1)) if refused else 0


@pytest.mark.timeout(120)
def test_a_sidecar_that_asks_for_another_token_is_named(cluster):
    replica, sidecar = cluster.replicas[0], cluster.sidecars[0]
    cluster.sidecars[1].stop()      # otherwise the other replica would publish what this one cannot
    sidecar.stop()
    sidecar.outside = {"DAPR_API_TOKEN": "of somebody else"}
    sidecar.start()
    user = Api(replica).signed_up(timezone="UTC")
    user.post("/api/todos", 201, json={"title": "waits"})
    wait_until(lambda: wrong_at(replica)[2] > 0, what="a refusal to be counted")
    bus, why, _ = wrong_at(replica)
    assert bus == "away" and "HTTP 401" in why and "DAPR_API_TOKEN" in why
    assert any("its bus is away: " + why in line for line in bad_lines(replica))
    for part in cluster.sidecars:
        part.stop()
        part.outside = {}
        part.start()
    cluster.wait_joined()
    wait_until(lambda: wrong_at(replica)[:2] == ("ok", ""), what="the bus to be well again")
    wait_until(lambda: len(user.get("/api/audit").json()) == 1, what="the event that waited")


@pytest.mark.timeout(240)
def test_each_dependency_has_a_line_and_each_fault_a_remedy(cluster):
    one, two = cluster.replicas
    well = doctor(one)
    assert well.returncode == 0, well.stdout
    for line in ("the database answers", "the database's tables are those of this release", "a server is running here: ready",
                 "its bus is ok", "its scheduler is ok", "a sidecar, Dapr 1.16.2", "the sidecar calls back at port",
                 "the sidecar has the component pubsub-kafka", "the sidecar has the component pubsub-kafka-broadcast",
                 "task-events is subscribed to on pubsub-kafka", "reminder-events is subscribed to on pubsub-kafka-broadcast",
                 "the sidecar has the component statestore-postgres", "the sidecar's scheduler takes jobs", "public_url is"):
        assert "ok   " + line in well.stdout, line

    [line] = bad_lines(one, STATE_COMPONENT="statestore-redis")
    assert "no component statestore-redis" in line and "deploy/dapr" in line
    [line] = bad_lines(one, PUBLIC_URL="http://" + one.environment["CARILLON_LISTEN"])
    assert "public_url is not set" in line
    [line] = bad_lines(one, SIDECAR_LISTEN="127.0.0.1:8081")
    assert "--app-port" in line
    assert any("database_url" in line for line in bad_lines(one, DATABASE_URL="postgresql://nobody@127.0.0.1:1/none"))

    cluster.sidecars[1].kill()
    assert any("no sidecar at port" in line and "DAPR_HTTP_PORT" in line for line in bad_lines(two))
    cluster.scheduler.kill()
    assert any("no scheduler that takes jobs" in line for line in bad_lines(one))
