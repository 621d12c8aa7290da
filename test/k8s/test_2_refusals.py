"""What the installation must not let happen."""
import pytest

ANSWER = r"""exec 3<>/dev/tcp/127.0.0.1/8081
printf 'POST /job/none HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 2\r\n%b\r\n{}' "$1" >&3
head -1 <&3"""


def in_container(installation, pod, header=""):
    """The status line of a callback that comes from inside the pod."""
    return installation.kubectl("exec", pod, "-c", "carillon", "--", "bash", "-c", ANSWER, "bash", header)


def test_the_namespace_takes_only_restricted_pods(installation):
    labels = installation.get("namespace", "carillon")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert len(installation.pods()) == 2 and all(len(p["status"]["containerStatuses"]) == 2 for p in installation.pods())
    said = installation.kubectl("run", "loose", "--image=kit.test/busybox:1", check=False)
    assert 'violates PodSecurity "restricted' in said, "or the label would mean nothing"


@pytest.mark.parametrize("number", [0, 1])
def test_the_container_has_no_rights(installation, number):
    pod = installation.names()[number]
    status = dict(line.split(":\t", 1) for line in installation.execute(pod, "cat /proc/1/status").splitlines() if ":\t" in line)
    assert status["Uid"].split("\t") == ["10001"] * 4
    assert {int(status[c], 16) for c in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert status["NoNewPrivs"].strip() == "1" and status["Seccomp"].strip() == "2"
    for path in ("/etc/x", "/usr/local/bin/x", "/tmp/x", "/run/x"):
        assert "Read-only file system" in installation.execute(pod, f"echo > {path}"), path
    assert installation.execute(pod, "echo here > /data/x && cat /data/x && rm /data/x").strip() == "here"
    assert "No such file" in installation.execute(pod, "ls /var/run/secrets/kubernetes.io"), "no token of the cluster"


def test_another_pod_cannot_reach_the_callbacks(installation):
    installation.kubectl("delete", "pod", "neighbour", "--ignore-not-found", "--now", namespace="default")
    installation.kubectl("run", "neighbour", "--image=kit.test/busybox:1", "--command", "--", "sleep", "600", namespace="default")
    installation.kubectl("wait", "--for=condition=Ready", "pod/neighbour", "--timeout=60s", namespace="default")
    for pod in installation.pods():
        address = pod["status"]["podIP"]

        def reach(port, address=address):
            return installation.kubectl("exec", "neighbour", "--", "sh", "-c", f"nc -w 5 {address} {port} </dev/null 2>&1 && echo connected", namespace="default",
                                        check=False)

        assert "connected" in reach(8080), "the public port is open"
        assert "refused" in reach(8081), "the sidecar's callbacks"
        assert "refused" in reach(3500), "the sidecar's API"
    installation.kubectl("delete", "pod", "neighbour", "--now", namespace="default")


def test_a_callback_without_the_token_is_refused(installation):
    token = installation.secret("carillon-app-token", "token")
    for pod in installation.names():
        assert " 401 " in in_container(installation, pod)
        assert " 401 " in in_container(installation, pod, r"dapr-api-token: " + "x" * len(token) + r"\r\n")
        assert " 401 " not in in_container(installation, pod, rf"dapr-api-token: {token}\r\n"), "the token is what opens it"
