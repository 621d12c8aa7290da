"""A broker that asks for TLS and SCRAM, with certificates made for the test."""
import subprocess

import httpx
import pytest

from carillon import Api, Postgres, Server, wait_until
from parts import Kafka, free_ports

PASSWORD = "a-fern-behind-a-lock"


def certificates(folder):
    """ca.pem, and broker.pem with key and certificate for 127.0.0.1."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=test ca")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "broker.key", "-out", "broker.csr", "-subj", "/CN=broker")
    (folder / "san").write_text("subjectAltName=IP:127.0.0.1\n", encoding="utf-8")
    openssl("x509", "-req", "-in", "broker.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "broker.crt",
            "-days", "2", "-extfile", "san")
    parts = [(folder / name).read_text(encoding="utf-8") for name in ("broker.key", "broker.crt", "ca.pem")]
    (folder / "broker.pem").write_text("".join(parts), encoding="utf-8")


class SecuredKafka(Kafka):
    format_options = ("--add-scram", f"SCRAM-SHA-512=[name=carillon,password={PASSWORD}]")

    def adapt(self, properties):
        [port] = free_ports(1)
        self.secured = f"127.0.0.1:{port}"
        certificates(self.directory)
        properties["listeners"] += f",SASL_SSL://{self.secured}"
        properties["advertised.listeners"] += f",SASL_SSL://{self.secured}"
        properties["listener.security.protocol.map"] += ",SASL_SSL:SASL_SSL"
        properties["sasl.enabled.mechanisms"] = "SCRAM-SHA-512"
        properties["listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config"] = \
            "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        properties["ssl.keystore.type"] = "PEM"
        properties["ssl.keystore.location"] = self.directory / "broker.pem"


@pytest.fixture(scope="module")
def kafka(tmp_path_factory):
    broker = SecuredKafka(tmp_path_factory.mktemp("broker")).start()
    yield broker
    broker.kill()


@pytest.fixture
def server(kafka, tmp_path):
    """Makes a server; the settings given replace the right ones."""
    database = Postgres()
    started = []

    def start(**settings):
        right = {"EVENT_BUS": "kafka", "KAFKA_BROKERS": kafka.secured, "KAFKA_SECURITY_PROTOCOL": "sasl_ssl",
                 "KAFKA_USERNAME": "carillon", "KAFKA_PASSWORD": PASSWORD, "KAFKA_CA_FILE": str(kafka.directory / "ca.pem")}
        started.append(Server(tmp_path, database.url, **right | settings).start(60))
        return started[-1]
    yield start
    for one in started:
        one.stop()
    database.drop()


def bus_of(server):
    return httpx.get(server.management + "/readyz", trust_env=False).json()["detail"]["bus"]


def test_events_pass_through_tls_and_scram(server):
    running = server()
    user = Api(running).signed_up()
    with user.live() as live:
        live.wait_type("ready")
        todo = user.todo("Water the fern")
        live.wait_event("task.created", todo["id"], 20)
    user.audit_when(1, 20)
    assert bus_of(running) == "ok"


@pytest.mark.parametrize("wrong", [{"KAFKA_PASSWORD": "not this one"}, {"KAFKA_CA_FILE": "/etc/ssl/certs/ca-certificates.crt"}],
                         ids=["password", "authority"])
def test_what_the_broker_or_the_certificate_refuses_is_said_and_costs_no_request(server, wrong):
    running = server(**wrong)
    user = Api(running).signed_up()
    user.todo("Goes on")
    assert bus_of(running) == "away"
    wait_until(lambda: "kafka refuses" in running.log.read_text(encoding="utf-8"), 20, "a line that says why")
    log = running.log.read_text(encoding="utf-8")
    assert PASSWORD not in log and "not this one" not in log
