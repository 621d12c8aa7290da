"""Two faults that take seconds, for every run; the others are in test_long_faults.py."""
import time

import pytest

from faults import under_load


@pytest.mark.timeout(240)
def test_a_sidecar_is_killed(cluster):
    with under_load(cluster) as load:
        for sidecar in cluster.sidecars:
            sidecar.kill()
            time.sleep(1)      # until a supervisor notices
            sidecar.start()
    assert not load.tally.refused, "the API does not need the sidecar"


@pytest.mark.timeout(240)
def test_a_replica_is_killed(cluster):
    with under_load(cluster):
        for replica in cluster.replicas:
            replica.kill()
            time.sleep(1)
            replica.start(30)
            time.sleep(2)
