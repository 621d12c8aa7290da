"""The ```bash blocks of a document, to be run as they stand."""
import pathlib
import re
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]


def blocks(name):
    """[(heading, block)] in their order."""
    heading, found = "", []
    for title, block in re.findall(r"^#+ ([^\n]+)$|^```bash\n(.*?)^```$", (ROOT / name).read_text(encoding="utf-8"), re.M | re.S):
        heading = title or heading
        if block:
            found.append((heading, block))
    return found


def run(block, folder=ROOT, **environment):
    """Runs a block there; what it printed."""
    settings = "".join(f"export {name}={value}\n" for name, value in environment.items())
    done = subprocess.run(["bash", "-eu", "-o", "pipefail", "-c", settings + block], cwd=folder, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, f"{block}\n{done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


class Running:
    """A block that goes on until it is stopped; `with Running(block) as lines`: what it prints, line by line."""

    def __init__(self, block):
        self._process = subprocess.Popen(["bash", "-c", block], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                         start_new_session=True)

    def __enter__(self):
        return self._process.stdout

    def __exit__(self, *_):
        subprocess.run(["kill", "--", f"-{self._process.pid}"], check=False)
        self._process.wait(10)
