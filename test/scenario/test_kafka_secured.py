"""A broker that asks for TLS and a password, with certificates made for the test."""
import subprocess

import httpx
import pytest
from confluent_kafka.admin import AdminClient, ScramCredentialInfo, ScramMechanism, UserScramCredentialUpsertion

from carillon import Api, Postgres, Server, wait_until
from parts import Kafka
from ports import free_ports

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
    def adapt(self, properties):
        [port] = free_ports(1)
        self.secured = f"127.0.0.1:{port}"
        certificates(self.directory)
        properties["listeners"] += f",SASL_SSL://{self.secured}"
        properties["advertised.listeners"] += f",SASL_SSL://{self.secured}"
        properties["listener.security.protocol.map"] += ",SASL_SSL:SASL_SSL"
        properties["sasl.enabled.mechanisms"] = "PLAIN,SCRAM-SHA-512"
        properties["listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config"] = \
            "org.apache.kafka.common.security.scram.ScramLoginModule required;"
        properties["listener.name.sasl_ssl.plain.sasl.jaas.config"] = \
            f'org.apache.kafka.common.security.plain.PlainLoginModule required user_carillon="{PASSWORD}";'
        properties["ssl.keystore.type"] = "PEM"
        properties["ssl.keystore.location"] = self.directory / "broker.pem"

    def add_user(self, name, password):
        """As kafka-configs and Strimzi's KafkaUser do."""
        admin = AdminClient({"bootstrap.servers": self.address, "log_level": 0})
        wanted = UserScramCredentialUpsertion(name, ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096), password.encode())
        for future in admin.alter_user_scram_credentials([wanted]).values():
            future.result(30)


@pytest.fixture(scope="module")
def kafka(tmp_path_factory):
    broker = SecuredKafka(tmp_path_factory.mktemp("broker")).start()
    broker.add_user("carillon", PASSWORD)
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


def passes(server):
    user = Api(server).signed_up()
    user.todo("Water the fern")
    user.audit_when(1, 30)
    return bus_of(server) == "ok"


def test_events_pass_through_tls_and_a_password(server):
    running = server(KAFKA_SASL_MECHANISM="PLAIN")
    assert passes(running)
    doctor = running.command("doctor")
    assert "ok   Kafka answers at " in doctor.stdout and "Kafka cannot" not in doctor.stdout, doctor


def test_events_pass_through_tls_and_scram_where_the_library_can(server):
    """librdkafka before 2.6.1 sends a wrong nonce (its pull request 4895): then server and doctor say so."""
    running = server()
    doctor = running.command("doctor")
    if "sends a wrong SCRAM nonce" not in running.log.read_text(encoding="utf-8"):
        assert passes(running)
        return
    assert doctor.returncode == 1 and "2.6.1 or later" in doctor.stdout, doctor
    assert bus_of(running) == "away"
    # The broker itself is right: a newer library signs in with the same user and password.
    client = AdminClient({"bootstrap.servers": running.environment["CARILLON_KAFKA_BROKERS"], "security.protocol": "SASL_SSL",
                          "sasl.mechanism": "SCRAM-SHA-512", "sasl.username": "carillon", "sasl.password": PASSWORD,
                          "ssl.ca.location": running.environment["CARILLON_KAFKA_CA_FILE"], "log_level": 0})
    assert client.list_topics(timeout=20).brokers


@pytest.mark.parametrize("wrong", [{"KAFKA_PASSWORD": "not this one"}, {"KAFKA_CA_FILE": "/etc/ssl/certs/ca-certificates.crt"}],
                         ids=["password", "authority"])
def test_what_the_broker_or_the_certificate_refuses_is_said_and_costs_no_request(server, wrong):
    running = server(KAFKA_SASL_MECHANISM="PLAIN", **wrong)
    user = Api(running).signed_up()
    user.todo("Goes on")
    assert bus_of(running) == "away"
    wait_until(lambda: "kafka refuses" in running.log.read_text(encoding="utf-8"), 20, "a line that says why")
    doctor = running.command("doctor")
    assert doctor.returncode == 1 and "bad  Kafka does not answer" in doctor.stdout, doctor
    said = running.log.read_text(encoding="utf-8") + doctor.stdout + doctor.stderr
    assert PASSWORD not in said and "not this one" not in said
