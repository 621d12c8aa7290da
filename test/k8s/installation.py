"""Carillon as it is installed in the cluster that kubectl reaches; run by `kit ns`, so that its Services and pods can be reached."""
import base64
import json
import os
import subprocess
import types

from carillon import wait_until

NODE = "10.250.0.1"


class Installation:
    """Has what the proofs of test/cluster/faults.py ask of a cluster: url, address, postgres.url, kafka.address."""

    namespace = release = "carillon"
    address = f"{NODE}:30080"
    url = f"http://{address}"

    def __init__(self):
        self.postgres = types.SimpleNamespace(url=self.secret("carillon-postgres", "uri"))
        self.kafka = types.SimpleNamespace(address="carillon-kafka-kafka-bootstrap.kafka.svc:9092")

    def kubectl(self, *words, namespace=None, check=True, text=None):
        """What it prints."""
        return self.run("kubectl", "-n", namespace or self.namespace, *words, check=check, text=text)

    def helm(self, *words):
        return self.run("helm", "-n", self.namespace, *words)

    @staticmethod
    def run(*command, check=True, text=None):
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=600, check=False, input=text)
        assert not check or done.returncode == 0, f"{' '.join(map(str, command))}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
        return done.stdout if check else done.stdout + done.stderr

    def get(self, *words, namespace=None):
        return json.loads(self.kubectl("get", *words, "-o", "json", namespace=namespace))

    def secret(self, name, key):
        return base64.b64decode(self.get("secret", name)["data"][key]).decode()

    def pods(self, selector="app.kubernetes.io/name=carillon", namespace=None):
        """Those that are not on their way out."""
        return [p for p in self.get("pods", "-l", selector, namespace=namespace)["items"] if "deletionTimestamp" not in p["metadata"]]

    def names(self, *where, **options):
        return [p["metadata"]["name"] for p in self.pods(*where, **options)]

    def rolled_out(self, what, namespace=None):
        self.kubectl("rollout", "status", what, "--timeout=180s", namespace=namespace)

    def all_ready(self, namespace=None):
        """Waits until every pod of the namespace is."""
        def ready():
            pods = [p for p in self.get("pods", namespace=namespace)["items"] if p["status"]["phase"] != "Succeeded"]
            return all(any(c["type"] == "Ready" and c["status"] == "True" for c in p["status"].get("conditions", [])) for p in pods)

        wait_until(ready, 180, "every pod to be ready", pause=0.5)

    def execute(self, pod, script, container="carillon", namespace=None):
        """(what a shell script in that container printed, both streams)."""
        return self.kubectl("exec", pod, "-c", container, "--", "bash", "-c", script, namespace=namespace, check=False)

    def restarts(self, selector, namespace=None):
        return sum(c["restartCount"] for p in self.pods(selector, namespace) for c in p["status"].get("containerStatuses", []))


def script(name, *words, **environment):
    """Runs one of deploy/scripts; (whether it succeeded, what it said)."""
    root = os.path.join(os.path.dirname(__file__), "../..")
    done = subprocess.run([os.path.join(root, "deploy/scripts", name), *words], capture_output=True, text=True, timeout=600, check=False,
                          env=os.environ | environment, stdin=subprocess.DEVNULL)
    return done.returncode == 0, done.stdout + done.stderr
