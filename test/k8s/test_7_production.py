"""docs/deploy/kubernetes.md, block by block, in the cluster that test_6 emptied: values-production.yaml with a Kafka and a PostgreSQL that a
provider might manage, which want TLS, passwords and no more rights than deploy/kafka/kafka-user.yaml names."""
import os
import re
import secrets
import subprocess

import pytest
import yaml
from confluent_kafka.admin import AclBinding, AclOperation, AclPermissionType, AdminClient, NewTopic, ResourcePatternType, ResourceType

from carillon import wait_until
from documents import ROOT, blocks, run
from installation import Installation, script

pytestmark = pytest.mark.timeout(900)
BLOCKS = [block for _, block in blocks("docs/deploy/kubernetes.md")]
NOT_HERE = BLOCKS[:2]           # docker builds, pushes and runs the image
KIT = ROOT / "test/cluster/k8s/kit"
MADE = ("uri.txt", "password.txt", "audit-key", "values.yaml")      # beside the chart, as the blocks name them


def test_every_block_is_run_here_but_what_needs_docker():
    assert all(re.search("^docker ", block, re.M) for block in NOT_HERE)
    assert [block.split()[0] for block in BLOCKS[2:]] == ["kubectl", "make", "helm", "helm"]


def certificates(folder, *hosts):
    """ca.pem, and for each host a file with key and certificate."""
    def openssl(*words):
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True)

    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=provider")
    for host in hosts:
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "key", "-out", "csr", "-subj", f"/CN={host}")
        (folder / "san").write_text(f"subjectAltName=DNS:{host}.managed.svc\n", encoding="utf-8")
        openssl("x509", "-req", "-in", "csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out", "crt", "-days", "2", "-extfile", "san")
        (folder / f"{host}.pem").write_text((folder / "key").read_text() + (folder / "crt").read_text(), encoding="utf-8")


def documents(name):
    return [d for d in yaml.safe_load_all((ROOT / "deploy/kafka" / name).read_text(encoding="utf-8")) if d]


def topics_and_rights(address):
    """What an administrator makes of kafka-topic.yaml and kafka-user.yaml, on one broker."""
    admin = AdminClient({"bootstrap.servers": address, "log_level": 0})
    topics = [NewTopic(t["metadata"]["name"], t["spec"]["partitions"], 1) for t in documents("kafka-topic.yaml")]
    [user] = documents("kafka-user.yaml")
    kinds = {"topic": ResourceType.TOPIC, "group": ResourceType.GROUP, "cluster": ResourceType.BROKER}
    rights = []
    for acl in user["spec"]["authorization"]["acls"]:
        resource = acl["resource"]
        pattern = ResourcePatternType.PREFIXED if resource.get("patternType") == "prefix" else ResourcePatternType.LITERAL
        for operation in acl["operations"]:
            operation = AclOperation[re.sub("(?<!^)(?=[A-Z])", "_", operation).upper()]
            rights.append(AclBinding(kinds[resource["type"]], resource.get("name", "kafka-cluster"), pattern, "User:carillon", "*", operation,
                                     AclPermissionType.ALLOW))
    for future in [*admin.create_topics(topics).values(), *admin.create_acls(rights).values()]:
        future.result(60)


class Managed(Installation):
    address = url = None

    def __init__(self):     # nothing is there yet
        pass


@pytest.fixture(scope="module")
def managed(tmp_path_factory):
    """The provider's parts, Dapr, the Prometheus operator's kinds; and the files that the document's blocks take."""
    folder, password = tmp_path_factory.mktemp("provider"), secrets.token_hex(16)
    certificates(folder, "kafka", "postgres")
    cluster = Managed()
    subprocess.run([KIT, "dapr", "-f", ROOT / "deploy/dapr/control-plane/values.yaml"], check=True, capture_output=True)
    kinds = os.path.join(os.path.dirname(os.environ["KIT_IMAGES"]), "crds/prometheus")
    cluster.run("kubectl", "apply", "--server-side", "-f", kinds)
    cluster.run("kubectl", "create", "namespace", "managed")
    cluster.kubectl("create", "secret", "generic", "tls", f"--from-literal=password={password}", *(f"--from-file={folder / name}" for name in
                    ("kafka.pem", "postgres.pem")), namespace="managed")
    version = re.search(r"\bKAFKA=(\S+)", (KIT.parent / "build.sh").read_text(encoding="utf-8")).group(1)
    cluster.kubectl("apply", "-f", "-", namespace="managed", text=(ROOT / "test/k8s/managed.yaml").read_text(encoding="utf-8").replace("@KAFKA@", version))
    for part in ("kafka", "postgres"):
        cluster.rolled_out(f"deployment/{part}", "managed")
    topics_and_rights("kafka.managed.svc:9092")
    key = "carillon audit make-key >/dev/null && cat /data/audit-key"
    cluster.kubectl("run", "make-key", "--image=carillon:0.1.0", "--restart=Never", "--env=CARILLON_AUDIT_KEY_FILE=/data/audit-key", "--command", "--",
                    "bash", "-c", key, namespace="managed")
    cluster.kubectl("wait", "pod/make-key", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s", namespace="managed")
    (ROOT / "audit-key").write_text(cluster.kubectl("logs", "make-key", namespace="managed"), encoding="utf-8")
    (ROOT / "password.txt").write_text(password, encoding="utf-8")
    (ROOT / "uri.txt").write_text(f"postgresql://carillon:{password}@postgres.managed.svc:5432/carillon?sslmode=verify-full&"
                                  "sslrootcert=/run/secrets/database/ca.crt", encoding="utf-8")
    (ROOT / "values.yaml").write_text(yaml.safe_dump(own_names()), encoding="utf-8")
    cluster.authority = folder / "ca.pem"
    yield cluster
    for name in MADE:
        (ROOT / name).unlink()
    cluster.run("kubectl", "delete", "namespace", "carillon", "managed")


def own_names():
    """A copy of values-production.yaml with the names of this installation put in, and smaller pods."""
    values = yaml.safe_load((ROOT / "deploy/helm/carillon/values-production.yaml").read_text(encoding="utf-8"))
    values["kafka"]["brokers"] = "kafka.managed.svc:9093"
    values["kafka"]["ca"] = values["database"]["ca"] = {"existingSecret": "provider-ca"}
    values["resources"]["requests"] = {"cpu": "50m", "memory": "96Mi"}
    return values


def validated():
    """Every check of `make validate`, whose way in is a port-forward here."""
    passed, said = script("validate-phase-v.sh")
    assert passed and " passed, 0 failed" in said, said
    return said


def test_install_with_production_values(managed, row):
    run(BLOCKS[2])
    managed.kubectl("create", "secret", "generic", "provider-ca", f"--from-file=ca.crt={managed.authority}")
    run(BLOCKS[3])
    wait_until(lambda: len(managed.pods()) == 3, 120, "as many pods as autoscaling.minReplicas says", pause=1)
    said = validated()
    row("production values, SCRAM over TLS through the sidecar", said.strip().splitlines()[-1])
    for kind in ("servicemonitor/carillon", "prometheusrule/carillon", "configmap/carillon-dashboard", "hpa/carillon", "ingress/carillon", "pdb/carillon",
                 "networkpolicy/carillon", "cronjob/carillon-audit-verify"):
        managed.kubectl("get", kind)


def test_the_audit_log_has_signed_checkpoints_and_is_verified(managed):
    managed.kubectl("create", "job", "--from=cronjob/carillon-audit-verify", "verify-now")
    managed.kubectl("wait", "job/verify-now", "--for=condition=Complete", "--timeout=120s")
    assert "checkpoint" in managed.kubectl("logs", "job/verify-now")


def test_every_metric_of_the_alerts_and_the_dashboard_is_there(managed):
    text = "".join((ROOT / "deploy/helm/carillon/files" / name).read_text(encoding="utf-8") for name in ("alerts.yaml", "dashboard.json"))
    wanted = set(re.findall(r"\bcarillon_[a-z_]+", text)) - {"carillon_kafka_up"}       # without a sidecar
    ask = "exec 3<>/dev/tcp/127.0.0.1/9090; printf 'GET /metrics HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3"
    served = "\n".join(managed.execute(pod, ask) for pod in managed.names())      # a replica that nobody asked counts no requests
    assert wanted and not {name for name in wanted if f"\n# TYPE {re.sub('_bucket$', '', name)} " not in served}


def test_upgrade_and_rollback(managed):
    run(BLOCKS[4])
    assert {c["image"] for p in managed.pods() for c in p["spec"]["containers"] if c["name"] == "carillon"} == {"registry.example.org/carillon:0.1.1"}
    run(BLOCKS[5])
    validated()


def test_straight_to_the_brokers_without_a_sidecar(managed, row):
    managed.helm("upgrade", "carillon", ROOT / "deploy/helm/carillon", "-f", ROOT / "values.yaml", "--set",
                 "image.repository=registry.example.org/carillon,image.tag=0.1.0,eventBus=kafka,kafka.sasl.mechanism=PLAIN", "--wait", "--timeout", "5m")
    managed.all_ready()
    assert {len(p["spec"]["containers"]) for p in managed.pods()} == {1}
    row("production values, PLAIN over TLS, eventBus=kafka", validated().strip().splitlines()[-1])
