"""docs/deploy/minikube.md, block by block, on what `run` installed by its `make deploy`; at its end everything is removed."""
import json
import urllib.request

import pytest

from carillon import Api, wait_until
from documents import ROOT, Running, blocks, run
from installation import script

pytestmark = pytest.mark.timeout(900)
BLOCKS = [block.strip() for _, block in blocks("docs/deploy/minikube.md")]


def test_every_block_is_run_here_in_this_order():
    assert BLOCKS == ["minikube start --memory=4096 --cpus=2 --addons=ingress",     # not here: the cluster is the kit's
                      "make deploy", "make validate", "deploy/scripts/validate-phase-v.sh --json > validation.json", "make port-forward", "make logs",
                      "make undeploy", "deploy/scripts/teardown.sh --all"]


def test_make_deploy_again_leaves_what_is_there(installation):
    before = installation.names(), installation.secret("carillon-api-token", "token"), installation.secret("carillon-postgres", "password")
    run(BLOCKS[1])
    assert before == (installation.names(), installation.secret("carillon-api-token", "token"), installation.secret("carillon-postgres", "password"))


def test_make_validate_finds_the_way_in_and_says_what_it_saw():
    said = run(BLOCKS[2])
    assert "as a user at http://10.250.0.1:30080" in said and " passed, 0 failed" in said


def test_validation_as_json():
    try:
        run(BLOCKS[3])
        assert json.loads((ROOT / "validation.json").read_text(encoding="utf-8"))["failed"] == 0
    finally:
        (ROOT / "validation.json").unlink()


def test_make_port_forward_serves_the_page(installation):
    def answers():
        try:
            with urllib.request.urlopen("http://localhost:8080/", timeout=2) as answer:
                return b"<script" in answer.read()
        except OSError:
            return False

    with Running(BLOCKS[4]):
        wait_until(answers, 30, "the page at localhost", pause=0.2)


def test_make_logs_shows_what_the_replicas_say(installation):
    with Running(BLOCKS[5]) as lines:
        seen = set()
        for line in lines:
            seen.update(name for name in installation.names() if name in line)
            if len(seen) == 2:
                break


def test_make_undeploy_keeps_the_data(installation):
    user = Api(installation).signed_up()
    kept = user.todo("kept over a removal")
    run(BLOCKS[6])
    assert not installation.names() and installation.secret("carillon-postgres", "password")
    run(BLOCKS[6])      # nothing is left to do
    run(BLOCKS[1])
    installation.all_ready()
    assert [t["id"] for t in Api(installation, user.token).all_todos()] == [kept["id"]]


def test_the_scripts_say_what_is_wrong(installation):
    passed, said = script("validate-phase-v.sh", "--what")
    assert not passed and "unknown option --what" in said and "usage:" in said
    passed, said = script("validate-phase-v.sh", NAMESPACE="nowhere")
    assert not passed and "failed: there is no Carillon nowhere/carillon" in said and "make deploy" in said
    passed, said = script("deploy-phase-v.sh", KUBECONFIG="/nowhere")
    assert not passed and "no Kubernetes cluster answers" in said and "minikube start" in said
    passed, said = script("deploy-phase-v.sh", BUILD="yes")
    assert not passed and "the cluster kit can be given no local image" in said and "push carillon:0.1.0 to a registry" in said


def test_teardown_removes_everything(installation):
    run(BLOCKS[7])
    left = {n["metadata"]["name"] for n in json.loads(installation.run("kubectl", "get", "namespaces", "-o", "json"))["items"]}
    assert not left & {"carillon", "kafka", "dapr-system"}
    run(BLOCKS[7])
    passed, said = script("teardown.sh", "--everything")
    assert not passed and "unknown option --everything" in said
