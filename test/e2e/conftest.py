"""One cluster of real parts for a file of tests; each test has users of its own."""
import pytest

from cluster import Cluster


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    whole = Cluster(tmp_path_factory.mktemp("cluster"))
    try:
        yield whole.start()
    except BaseException:
        print(whole.logs())
        raise
    finally:
        whole.stop()
