"""Servers and users for the tests. `backends` of a test are sqlite, and postgresql where its URL file is named."""
import os

import pytest

from carillon import BINARY, Api, Postgres, Server

BACKENDS = ["sqlite", "postgresql"]


@pytest.fixture(scope="session", autouse=True)
def binary():
    assert BINARY.is_file(), f"{BINARY} is not built"


@pytest.fixture(params=BACKENDS)
def backend(request):
    return request.param


@pytest.fixture
def database_url(backend):
    """A fresh database; None is the default file in the server's folder."""
    if backend == "sqlite":
        yield None
        return
    if "CARILLON_TEST_POSTGRES_FILE" not in os.environ:
        pytest.fail("CARILLON_TEST_POSTGRES_FILE does not name the URL of a PostgreSQL to test on")
    database = Postgres()
    yield database.url
    database.drop()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One server for a file of tests; each test signs up its own users."""
    running = Server(tmp_path_factory.mktemp("server")).start()
    yield running
    running.stop()


@pytest.fixture(scope="module", params=BACKENDS)
def server_on_each(request, tmp_path_factory):
    """As `server`, once on each database; for files that take it as theirs."""
    database = Postgres() if request.param == "postgresql" else None
    running = Server(tmp_path_factory.mktemp(request.param), database.url if database else None).start()
    yield running
    running.stop()
    if database:
        database.drop()


@pytest.fixture
def user(server):
    api = Api(server).signed_up()
    yield api
    api.close()


@pytest.fixture
def other(server):
    api = Api(server).signed_up(name="Grace", timezone="Asia/Tokyo")
    yield api
    api.close()


@pytest.fixture
def nobody(server):
    api = Api(server)
    yield api
    api.close()
