"""What is in the image that `run` built, as it lies in the archive: no cluster runs yet."""
import gzip
import json
import os
import re
import subprocess
import tarfile

import pytest

TEXTS = SBOM, STATUS = "usr/share/doc/carillon/sbom.spdx.json", "var/lib/dpkg/status"
ARCHIVES = os.environ["KIT_IMAGES"]


class Archive:
    """An image as `docker save` writes it. `base`: how many of its layers are those of the Debian image below it."""

    def __init__(self, name, base=1):
        self.path = f"{ARCHIVES}/user-{re.sub('[^A-Za-z0-9._-]', '_', name)}.tar"
        with tarfile.open(self.path) as archive:
            [manifest] = json.load(archive.extractfile("manifest.json"))
            whole = json.load(archive.extractfile(manifest["Config"]))
            self.config, self.layers = whole["config"], whole["rootfs"]["diff_ids"]
            self.config.pop("Hostname", None)  # of the container that buildah built it in
            self.created = whole["created"]
            self.files, self.texts, self.sizes = {}, {}, []
            for number, name_of_layer in enumerate(manifest["Layers"]):
                stream = archive.extractfile(name_of_layer)
                self.sizes.append((archive.getmember(name_of_layer).size, number >= base))
                with tarfile.open(fileobj=stream) as layer:
                    for member in layer:
                        name = member.name.removeprefix("./")
                        self.files[name] = member
                        if name in TEXTS:
                            self.texts[name] = layer.extractfile(member).read().decode()

    def packed(self, base=1):
        """Bytes that a registry hands out above the base."""
        total = 0
        with tarfile.open(self.path) as archive:
            [manifest] = json.load(archive.extractfile("manifest.json"))
            for name in manifest["Layers"][base:]:
                total += len(gzip.compress(archive.extractfile(name).read(), 6))
        return total


@pytest.fixture(scope="module")
def archive():
    return Archive(os.environ["IMAGE"])


def test_the_same_sources_make_the_same_image(archive):
    again = Archive("carillon:again")
    assert again.layers == archive.layers and again.config == archive.config and again.created == archive.created


def test_it_is_small(archive, row):
    above = sum(size for size, own in archive.sizes if own)
    row("the image above its base", f"{above / 2**20:.0f} MiB", f"{archive.packed() / 2**20:.0f} MiB compressed")
    row("the base itself", f"{sum(size for size, own in archive.sizes if not own) / 2**20:.0f} MiB")
    assert above < 60e6 and archive.packed() < 20e6


def test_it_holds_nothing_that_builds(archive):
    tools = {"gcc", "g++", "cc", "ld", "as", "make", "cmake", "ninja", "node", "npm", "python3", "git", "curl", "wget"}
    found = [path for path in archive.files if path.startswith(("usr/bin/", "usr/local/bin/", "bin/")) and path.rsplit("/", 1)[1] in tools]
    assert not found
    own = [path for path, member in archive.files.items() if path.startswith("usr/local/bin/") and member.isfile()]
    assert own == ["usr/local/bin/carillon"], "one executable"
    left = [path for path, member in archive.files.items() if member.isfile() and path.startswith(("var/lib/apt/lists/", "var/cache/apt/"))]
    assert not left


def test_what_it_says_of_itself(archive):
    config = archive.config
    assert config["User"] == "10001:10001", "a number, so that runAsNonRoot can be checked"
    assert list(config["Volumes"]) == ["/data"] and config["WorkingDir"] == "/data"
    # No shell is needed: neither to start nor to ask for its health.
    assert config["Entrypoint"] == ["carillon"] and config["Cmd"] == ["serve"]
    assert config["Healthcheck"]["Test"] == ["CMD", "carillon", "health"]
    labels = {name.removeprefix("org.opencontainers.image."): value for name, value in config["Labels"].items()}
    head = subprocess.run(["git", "log", "-1", "--format=%H %ct"], capture_output=True, text=True, check=True).stdout.split()
    assert labels["revision"] == head[0] and labels["licenses"] == "Apache-2.0" and labels["version"] == "0.1.0"
    assert labels["title"] == "Carillon" and labels["description"] and re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", labels["created"])


def test_its_bill_of_materials_is_what_is_installed(archive):
    packages = {p["name"]: p["versionInfo"] for p in json.loads(archive.texts[SBOM])["packages"]}
    paragraphs = [dict(re.findall(r"^([A-Z]\S*): (.*)$", text, re.M)) for text in archive.texts[STATUS].split("\n\n")]
    installed = {p["Package"]: p["Version"] for p in paragraphs if p.get("Status") == "install ok installed"}
    assert packages.pop("carillon") == "0.1.0"
    assert packages == installed and "libssl3" in packages and len(packages) > 80
