"""`carillon doctor` beside replicas: a line for each thing they depend on, and what to do about what is wrong."""
import subprocess

import pytest

from carillon import BINARY


def doctor(replica, **settings):
    environment = replica.environment | {f"CARILLON_{k}": v for k, v in settings.items()}
    return subprocess.run([BINARY, "doctor"], cwd=replica.directory, env=environment, capture_output=True, text=True, timeout=60,
                          check=False)


def bad_lines(replica, **settings):
    done = doctor(replica, **settings)
    bad = [line for line in done.stdout.splitlines() if line.startswith("bad")]
    assert done.returncode == (1 if bad else 0), done
    return bad


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
