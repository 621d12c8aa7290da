"""schemathesis over the served document, all checks, bounded. schemathesis.toml says what is loosened and why."""
import os
import pathlib
import subprocess
import sys

import pytest

from carillon import Api, Server

EXAMPLES = os.environ.get("CARILLON_TEST_SCHEMATHESIS_EXAMPLES", "8")    # for each operation and phase: bounded by count, not by the machine's speed
HERE = pathlib.Path(__file__).parent
# These end the sign-in that the run goes by; test_account has them.
ENDS_THE_SESSION = ["signOut", "endSession", "deleteAccount", "changePassword"]


def run(server, token, folder, *arguments):
    command = [pathlib.Path(sys.executable).with_name("schemathesis"), "--no-color", "--config-file", HERE / "schemathesis.toml", "run",
               server.url + "/api/openapi.json", "--url", server.url, "-H", f"Authorization: Bearer {token}", "--checks", "all", "--workers", "1",
               "--seed", "1", "--max-examples", EXAMPLES, *arguments]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("SCHEMATHESIS")} | {"PYTHONUTF8": "1", "PYTHONPATH": str(HERE)}
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=600, check=False)
    (folder / "schemathesis.txt").write_text(ran.stdout + ran.stderr, encoding="utf-8")
    assert ran.returncode == 0, f"{ran.stdout[-20_000:]}\n{ran.stderr[-2000:]}"
    assert server.running


@pytest.fixture
def fresh(tmp_path):
    server = Server(tmp_path).start()
    yield server
    server.stop()


@pytest.mark.timeout(600)
def test_everything_by_api_token(fresh, tmp_path):
    user = Api(fresh).signed_up()
    for i in range(3):
        user.todo(f"task {i}", due_date="2099-01-01T00:00:00Z", recurrence={"rule": "daily"}, tags=["home"])
    token = user.post("/api/tokens", 201, json={"name": "schemathesis"}).json()["token"]
    run(fresh, token, tmp_path)


@pytest.mark.timeout(300)
def test_the_account_by_session(fresh, tmp_path):
    user = Api(fresh).signed_up()
    excluded = [part for name in ENDS_THE_SESSION for part in ("--exclude-operation-id", name)]
    run(fresh, user.token, tmp_path, "--include-tag", "account", *excluded)
