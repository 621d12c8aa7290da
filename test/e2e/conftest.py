"""One cluster of real parts for a file of tests; each test has users of its own."""
import pytest

from cluster import Cluster, running


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with running(Cluster(tmp_path_factory.mktemp("cluster"))) as whole:
        yield whole
