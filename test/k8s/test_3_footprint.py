"""What the installation takes, so that it fits `minikube start --memory=4096 --cpus=2`."""
import json

import pytest

from faults import under_load

MEMORY, CPUS = 4096, 2.0
OPERATOR = 384                 # MiB that Strimzi's operator may take (setup-strimzi.sh), which is not here
NODE_ITSELF = 1024             # MiB left to the node's own programs: API server, etcd, kubelet, containerd


def measured(installation):
    """{(namespace, pod, container): (MiB of working set, cores)}, as the kubelet has it."""
    summary = json.loads(installation.kubectl("get", "--raw", "/api/v1/nodes/node1/proxy/stats/summary"))
    return {(p["podRef"]["namespace"], p["podRef"]["name"], c["name"]):
            (c.get("memory", {}).get("workingSetBytes", 0) / 2**20, c.get("cpu", {}).get("usageNanoCores", 0) / 1e9)
            for p in summary["pods"] for c in p["containers"]}


def requested(installation):
    """(MiB, cores) that all pods together ask for: what the scheduler of a small node goes by."""
    units = {"Ki": 2**-10, "Mi": 1, "Gi": 1024, "m": 0.001}

    def number(text):
        unit = next((u for u in units if text.endswith(u)), None)
        return float(text.removesuffix(unit)) * units[unit] if unit else float(text)

    asked = [c.get("resources", {}).get("requests", {}) for p in json.loads(installation.run("kubectl", "get", "pods", "-A", "-o", "json"))["items"]
             for c in p["spec"]["containers"]]
    return sum(number(a.get("memory", "0Mi")) for a in asked), sum(number(a.get("cpu", "0")) for a in asked)


def check(installation, row, when):
    found = measured(installation)
    for namespace in sorted({n for n, _, _ in found}):
        own = [v for (n, _, _), v in found.items() if n == namespace]
        row(f"{when}: {len(own)} containers in {namespace}", f"{sum(m for m, _ in own):.0f} MiB", f"{sum(c for _, c in own):.2f} cores")
    memory, cores = (sum(values) for values in zip(*found.values(), strict=True))
    asked_memory, asked_cores = requested(installation)
    row(f"{when}: all containers", f"{memory:.0f} MiB", f"{cores:.2f} cores", f"requested {asked_memory:.0f} MiB, {asked_cores:.2f} cores")
    assert memory + OPERATOR + NODE_ITSELF < MEMORY
    assert asked_memory + OPERATOR + NODE_ITSELF < MEMORY and asked_cores < CPUS


def test_it_fits_a_small_node(installation, row):
    check(installation, row, "at rest")


@pytest.mark.timeout(300)
def test_it_fits_under_load(installation, row):
    with under_load(installation, rate=50, followers=20, before=25, after=1, settle=180.0):
        check(installation, row, "50 changes/s")
