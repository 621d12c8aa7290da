"""Failed sign-ins are counted by all replicas together, in the state store of the sidecars, and each by itself without it."""
import concurrent.futures

import pytest

from carillon import PASSWORD, Api
from cluster import Cluster, running

LIMIT = 6


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    with running(Cluster(tmp_path_factory.mktemp("cluster"), SIGN_INS_PER_ACCOUNT=str(LIMIT))) as whole:
        yield whole


def sign_in(replica, user, password=PASSWORD):
    with Api(replica).http as http:
        return http.post("/api/auth/sign-in", json={"email": user.email, "password": password}).status_code


def state(replica):
    log = replica.log.read_text(encoding="utf-8")
    return "the shared state is away" in log


@pytest.mark.timeout(120)
def test_wrong_passwords_at_one_replica_count_at_the_other(cluster):
    one, two = cluster.replicas
    user, other = Api(one).signed_up(), Api(one).signed_up()
    with concurrent.futures.ThreadPoolExecutor(LIMIT) as pool:      # at once, so that one would overwrite another
        answers = list(pool.map(lambda i: sign_in((one, two)[i % 2], user, "wrong password"), range(LIMIT)))
    assert answers == [401] * LIMIT
    assert [sign_in(one, user), sign_in(two, user)] == [429, 429]
    assert [sign_in(one, other), sign_in(two, other)] == [200, 200]
    assert not state(one) and not state(two)


@pytest.mark.timeout(120)
def test_without_the_state_store_each_counts_for_itself_and_no_sign_in_fails(cluster):
    one, two = cluster.replicas
    user, other = Api(one).signed_up(), Api(one).signed_up()
    for sidecar in cluster.sidecars:
        sidecar.kill()
    assert [sign_in(one, user, "wrong password") for _ in range(LIMIT)] == [401] * LIMIT
    assert [sign_in(one, user), sign_in(two, user), sign_in(one, other)] == [429, 200, 200]
    assert state(one) and state(two)
    for sidecar in cluster.sidecars:
        sidecar.start()
    assert sign_in(one, user) == 429, "what was counted without the store is not forgotten when it is back"
