"""docs/adding-a-module.md, followed block by block on a copy of the tree. Only what the page adds or changes is compiled; the rest is
linked from the build that is there."""
import os
import re
import shlex
import shutil
import subprocess
import sys

import pytest

from carillon import BINARY
from contract import ROOT

PAGE = ROOT / "docs/adding-a-module.md"
BLOCK = re.compile(r'^```\w+ file=(\S+?)(?: after="((?:[^"\\]|\\.)*)")?\n(.*?)^```$', re.M | re.S)


def copy_of_the_tree(folder):
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    for name in files:
        if (ROOT / name).is_file() and not name.startswith(("modules/web/ui/", "test/", "deploy/")):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def follow(page, folder):
    blocks = BLOCK.findall(page)
    for name, after, text in blocks:
        file = folder / name
        if not after:
            assert not file.exists(), f"{name} is there already"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")
            continue
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        marks = [i for i, line in enumerate(lines) if after.replace('\\"', '"') in line]
        assert len(marks) == 1, f"{name} has {len(marks)} lines with {after}"
        lines.insert(marks[0] + 1, text)
        file.write_text("".join(lines), encoding="utf-8")
    return blocks


def ninja(build, *arguments):
    done = subprocess.run(["ninja", "-C", build, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr
    return done.stdout


@pytest.mark.timeout(800)
def test_the_page_adds_a_module_that_works(tmp_path):
    tree, build, there = tmp_path / "tree", tmp_path / "build", BINARY.parent
    copy_of_the_tree(tree)
    page = PAGE.read_text(encoding="utf-8")
    assert len(follow(page, tree)) == page.count(" file=") >= 10

    configured = subprocess.run(["cmake", "-S", tree, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", "-DCARILLON_TESTS=OFF"],
                                capture_output=True, text=True, check=False)
    assert configured.returncode == 0, configured.stdout + configured.stderr
    targets = [line.split(":")[0] for line in ninja(build, "-t", "targets", "all").splitlines()]
    main = "src/CMakeFiles/carillon.dir/main.cpp.o"
    migrations = [t for t in targets if re.search(r"migrations_\w+\.\w+\.o$", t)]
    module = [t for t in targets if re.search(r"carillon_tally\.dir/modules/tally/.*\.o$", t)]
    assert len(migrations) == 2 and module, targets
    ninja(build, main, *module, *migrations)

    link = ninja(there, "-t", "commands", BINARY.name).splitlines()[-1].removeprefix(": && ").removesuffix(" && :")
    words = shlex.split(link)
    binary = tmp_path / "carillon"
    words[words.index("-o") + 1] = str(binary)
    at = words.index(main)
    words[at:at + 1] = [str(build / name) for name in (main, *module, *migrations)]
    subprocess.run(words, cwd=there, check=True)

    tests = [str(tree / name) for name, after, _ in BLOCK.findall(page) if name.startswith("test/") and not after]
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", ROOT / "test/pytest.ini", "--rootdir", ROOT / "test",
                           *tests], cwd=ROOT / "test", env={**os.environ, "CARILLON_TEST_BIN": str(binary)}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
