"""docs/operations.md, "On Kubernetes": its blocks are run as they stand, in their order, while an account with data is there."""
import pathlib
import re
import subprocess
import time

import pytest

from carillon import Api, wait_until

pytestmark = pytest.mark.timeout(900)
ROOT = pathlib.Path(__file__).resolve().parents[2]


def blocks():
    """{heading: script} of that section."""
    text = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    section = text.split("\n## On Kubernetes\n", 1)[1].split("\n## ", 1)[0]
    found = re.findall(r"^### (.+?)\n(.*?)(?=^### |\Z)", section, re.M | re.S)
    return {heading: "\n".join(re.findall(r"^```bash\n(.*?)^```$", body, re.M | re.S)) for heading, body in found}


def run(heading, folder, row):
    script = blocks()[heading]
    assert script, f"{heading} has no block"
    began = time.monotonic()
    done = subprocess.run(["bash", "-eu", "-c", f"chart={ROOT}/deploy/helm/carillon\n{script}"], cwd=folder, capture_output=True, text=True, timeout=600,
                          check=False)
    assert done.returncode == 0, f"{heading}: {done.stdout[-1500:]}{done.stderr[-1500:]}"
    row(f"runbook: {heading}", f"{time.monotonic() - began:.0f} s")


def test_the_runbook(installation, tmp_path, row):
    user = Api(installation).signed_up()
    kept = [user.todo(f"kept {i}") for i in range(20)]
    run("Scale", tmp_path, row)
    assert len(installation.pods()) == 3
    wait_until(lambda: len(user.audit()) >= 20, 60, "the events to be handled")
    run("Back up", tmp_path, row)
    lost = user.todo("made after the backup")
    run("Restore", tmp_path, row)
    user = Api(installation, user.token)
    titles = {t["id"]: t["title"] for t in user.all_todos()}
    assert titles == {t["id"]: t["title"] for t in kept} and lost["id"] not in titles
    again = user.todo("made after the restore")
    before = installation.secret("carillon-api-token", "token")
    run("Rotate the sidecar's tokens", tmp_path, row)
    assert installation.secret("carillon-api-token", "token") != before
    user = Api(installation, user.token)
    user.todo("made after the rotation")
    wait_until(lambda: len(user.audit()) == len(kept) + 2, 60, "the events to go through the sidecar with its new tokens")
    assert again["id"] in {t["id"] for t in user.all_todos()}
