"""docs/quickstart.md, block by block: every bash block runs, in one shell, against a fresh server."""
import os
import re
import subprocess

import pytest

from carillon import BINARY, Server
from contract import ROOT

QUICKSTART = ROOT / "docs/quickstart.md"


def blocks():
    return re.findall(r"^```(?:bash|sh)\n(.*?)^```", QUICKSTART.read_text(encoding="utf-8"), flags=re.S | re.M)


@pytest.mark.timeout(180)
def test_every_block_of_the_quickstart_runs(tmp_path):
    server = Server(tmp_path).start()
    steps = blocks()
    assert len(steps) >= 5, "the quickstart has its steps as bash blocks"
    script = ["set -euo pipefail", *(f"echo '=== block {i}'\n{step}" for i, step in enumerate(steps, 1))]
    environment = server.environment | {"CARILLON": server.url, "PATH": f"{BINARY.parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    ran = subprocess.run(["bash", "-c", "\n".join(script)], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=150, check=False)
    server.stop()
    assert ran.returncode == 0, f"{ran.stdout[-3000:]}\n{ran.stderr[-3000:]}"
