"""The parts of a cluster as processes on this machine: Kafka, Dapr's scheduler, PostgreSQL, sidecars, replicas, a proxy.

Each part listens on free ports of 127.0.0.1, keeps its files in a private folder, and is known by its process id alone.
"""
import functools
import json
import os
import pathlib
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid

import yaml
from confluent_kafka.admin import AdminClient, NewTopic

from carillon import Server, wait_until
from contract import ROOT
from ports import free_ports

HERE = pathlib.Path(__file__).parent
COMPONENTS = ROOT / "deploy/dapr"
TOPICS = ROOT / "deploy/kafka/kafka-topic.yaml"


@functools.cache
def dependencies(*names):
    """{"dapr": folder with daprd and scheduler, "kafka": folder with jars}, or only those named; builds what is missing, which
    takes minutes."""
    done = subprocess.run([HERE / "deps", *names], stdout=subprocess.PIPE, text=True, check=True)
    return {name: pathlib.Path(folder) for name, folder in (line.split(" ", 1) for line in done.stdout.splitlines())}


def answers(url):
    """Whether GET of that URL is answered with 2xx."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return 200 <= answer.status < 300
    except (urllib.error.URLError, OSError):
        return False


def listens(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Part:
    """One process. `kept`: it goes on when the one who started it ends; otherwise it ends with it, however that ends."""

    kept = False

    def __init__(self, name, directory):
        self.name = name
        self.directory = pathlib.Path(directory) / name
        self.directory.mkdir(parents=True, exist_ok=True)
        self.log = self.directory / "log"
        self._process = None

    # what a part says of itself
    def command(self):
        raise NotImplementedError

    def environment(self):
        return {}

    def is_ready(self):
        raise NotImplementedError

    def launch(self):
        """Starts it and does not wait until it is ready."""
        command = [str(word) for word in self.command()]
        if not self.kept:
            command = ["setpriv", "--pdeathsig", "KILL", *command]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(command, cwd=self.directory, env={**os.environ, **self.environment()},
                                             stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        return self

    def wait_ready(self, timeout=60):
        def ready():
            assert self.running, f"{self.name} ended with {self._process.returncode}:\n{self.tail()}"
            return self.is_ready()

        wait_until(ready, timeout, f"{self.name} to be ready")
        return self

    def start(self, timeout=60):
        return self.launch().wait_ready(timeout)

    @property
    def running(self):
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self):
        return self._process.pid

    def kill(self):
        self._process.kill()
        self._process.wait(10)

    def stop(self, timeout=30):
        """SIGTERM; SIGKILL when that does not end it in time."""
        if not self.running:
            return
        self.resume()
        self._process.terminate()
        try:
            self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.kill()

    def freeze(self):
        os.kill(self.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self.pid, signal.SIGCONT)

    def tail(self, lines=30):
        if not self.log.exists():
            return "(never started)"
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


class Kafka(Part):
    """A broker that is its own controller (KRaft)."""

    jvm = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")   # small, and soon up; a benchmark may want a broker's own

    def __init__(self, directory):
        super().__init__("kafka", directory)
        self.port, self._controller = free_ports(2)
        self.address = f"127.0.0.1:{self.port}"
        self._java = ["java", *self.jvm, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{dependencies('kafka')['kafka']}/*"]
        properties = {
            "process.roles": "broker,controller", "node.id": 1, "controller.quorum.voters": f"1@127.0.0.1:{self._controller}",
            "listeners": f"PLAINTEXT://{self.address},CONTROLLER://127.0.0.1:{self._controller}",
            "advertised.listeners": f"PLAINTEXT://{self.address}", "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT", "log.dirs": self.directory / "data",
            "auto.create.topics.enable": "false", "group.initial.rebalance.delay.ms": 0,
            "offsets.topic.num.partitions": 1, "offsets.topic.replication.factor": 1,
            "transaction.state.log.num.partitions": 1, "transaction.state.log.replication.factor": 1, "transaction.state.log.min.isr": 1,
            "share.coordinator.state.topic.num.partitions": 1, "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
        }
        self.adapt(properties)
        self._file = self.directory / "server.properties"
        self._file.write_text("".join(f"{k}={v}\n" for k, v in properties.items()), encoding="utf-8")
        if not (self.directory / "data/meta.properties").exists():
            subprocess.run([*self._java, "kafka.tools.StorageTool", "format", "--cluster-id", "carillon-test-00000000",
                            *self.format_options, "--config", self._file], check=True, stdout=subprocess.DEVNULL)

    format_options = ()

    def adapt(self, properties):
        """For a broker that is to be a little different."""

    def command(self):
        return [*self._java, "kafka.Kafka", self._file]

    def is_ready(self):
        return listens(self.port)

    def create_topics(self, prefix=""):
        """Those of deploy/kafka."""
        for topic in yaml.safe_load_all(TOPICS.read_text(encoding="utf-8")):
            self.create_topic(prefix + topic["metadata"]["name"], topic["spec"]["partitions"],
                              {"retention.ms": topic["spec"]["config"]["retention.ms"]})

    def create_topic(self, name, partitions, config=None):
        """With one replica: there is one broker."""
        admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        for future in admin.create_topics([NewTopic(name, partitions, 1, config=config or {})], operation_timeout=30).values():
            future.result(30)


class Scheduler(Part):
    """Dapr's scheduler, which keeps the jobs."""

    def __init__(self, directory):
        super().__init__("scheduler", directory)
        self.port, self._health, self._client, self._peer = free_ports(4)
        self.address = f"127.0.0.1:{self.port}"

    def command(self):
        return [dependencies()["dapr"] / "scheduler", "--port", self.port, "--listen-address", "127.0.0.1",
                "--healthz-port", self._health, "--healthz-listen-address", "127.0.0.1", "--enable-metrics=false",
                "--override-broadcast-host-port", self.address, "--etcd-data-dir", self.directory / "data",
                "--etcd-client-port", self._client, "--etcd-initial-election-tick-advance",
                "--etcd-initial-cluster", f"dapr-scheduler-server-0=http://127.0.0.1:{self._peer}",
                "--identity-directory-write", self.directory / "identity"]

    def is_ready(self):
        return answers(f"http://127.0.0.1:{self._health}/healthz")


class Postgres:
    """The tests' private PostgreSQL (test/support/postgres)."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory) / "postgres"
        self._run("start")
        self.url = (self.directory / "postgres.url").read_text(encoding="utf-8").strip()

    def _run(self, action):
        subprocess.run([ROOT / "test/support/postgres", action, self.directory], check=True)

    @property
    def pid(self):
        home = pathlib.Path((self.directory / "postgres.home").read_text(encoding="utf-8").strip())
        return int((home / "data/postmaster.pid").read_text(encoding="utf-8").split()[0])

    def restart(self):
        """Also starts it after halt()."""
        self._run("restart")

    def halt(self):
        self._run("halt")

    def stop(self):
        self._run("stop")


class Sidecar(Part):
    """A replica's daprd, with the components of deploy/dapr as they are: addresses and passwords come from a secret store."""

    def __init__(self, number, directory, app_port, scheduler, secrets, app_token):
        super().__init__(f"sidecar-{number}", directory)
        self.port, self._grpc, self._internal = free_ports(3)
        self.url = f"http://127.0.0.1:{self.port}"
        self._app_port, self._scheduler, self._app_token = app_port, scheduler, app_token
        resources = self.directory / "resources"
        resources.mkdir(exist_ok=True)
        (resources / "secrets.json").write_text(json.dumps({"carillon-dapr": secrets}), encoding="utf-8")
        (resources / "secrets.yaml").write_text(yaml.safe_dump({
            "apiVersion": "dapr.io/v1alpha1", "kind": "Component", "metadata": {"name": "kubernetes"},
            "spec": {"type": "secretstores.local.file", "version": "v1", "metadata": [
                {"name": "secretsFile", "value": str(resources / "secrets.json")}, {"name": "multiValued", "value": "true"}]}}),
            encoding="utf-8")
        self._resources = resources
        self.outside = {}

    def command(self):
        return [dependencies()["dapr"] / "daprd", "--app-id", "carillon", "--app-port", self._app_port, "--app-protocol", "http",
                "--app-channel-address", "127.0.0.1", "--dapr-listen-addresses", "127.0.0.1", "--dapr-http-port", self.port,
                "--dapr-grpc-port", self._grpc, "--dapr-internal-grpc-port", self._internal,
                "--dapr-internal-grpc-listen-address", "127.0.0.1", "--scheduler-host-address", self._scheduler,
                "--resources-path", COMPONENTS, "--resources-path", self._resources, "--config", COMPONENTS / "configuration.yaml",
                "--enable-metrics=false", "--dapr-graceful-shutdown-seconds", 5, "--log-level", "info"]

    def environment(self):
        return {"APP_API_TOKEN": self._app_token, **self.outside}

    def is_ready(self):
        return answers(f"{self.url}/v1.0/healthz")


class Replica(Server):
    """`carillon serve` beside a sidecar; its addresses stay the same over a restart."""

    def __init__(self, number, directory, database_url, **settings):
        self.name = f"replica-{number}"
        folder = pathlib.Path(directory) / self.name
        folder.mkdir(parents=True, exist_ok=True)
        public, management, self.sidecar_port = free_ports(3)
        self.app_token = uuid.uuid4().hex
        super().__init__(folder, database_url, LISTEN=f"127.0.0.1:{public}", MANAGEMENT_LISTEN=f"127.0.0.1:{management}",
                         SIDECAR_LISTEN=f"127.0.0.1:{self.sidecar_port}", **settings)


class Proxy(Part):
    """The load balancer in front of the replicas."""

    backends = ()

    def __init__(self, directory):
        super().__init__("proxy", directory)
        [self.port] = free_ports(1)
        self.address = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.address}"

    def command(self):
        return ["/usr/bin/python3", HERE / "proxy.py", self.port, *self.backends]

    def is_ready(self):
        return listens(self.port)
