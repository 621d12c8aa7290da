"""The documents are sound, served as they are written, and say what the code does."""
import json
import subprocess

import jsonschema
import pytest
import regex
from openapi_spec_validator import validate

from carillon import BINARY
from contract import CONTRACT

SERVED = {"/api/openapi.json": CONTRACT.openapi, "/api/asyncapi.json": CONTRACT.asyncapi}


def test_every_route_is_documented_and_every_documented_route_exists():
    lines = subprocess.run([BINARY, "routes"], capture_output=True, text=True, check=True, timeout=20).stdout.splitlines()
    routes = {(r["method"], r["path"]) for r in map(json.loads, lines)}
    documented = {(method, pattern) for method, pattern, _ in CONTRACT.operations()}
    documented |= {("WS", channel["address"]) for channel in CONTRACT.asyncapi["channels"].values() if "ws" in channel.get("bindings", {})}
    assert routes - documented == set(), "not in docs/api/openapi.yaml"
    assert documented - routes == set(), "only in docs/api/openapi.yaml"


@pytest.mark.parametrize("path", SERVED)
def test_the_served_document_is_the_source(nobody, path):
    assert nobody.get(path).json() == SERVED[path]


def test_the_document_for_people_is_served(nobody):
    page = nobody.get("/api/docs").text
    assert "openapi.json" in page or "/api/todos" in page


def test_openapi_is_valid_openapi_3_1():
    text = json.dumps(CONTRACT.openapi)
    # The validator takes patterns for Python's re, which has no \p{…}; they are ECMA 262, as JSON Schema asks.
    validate(json.loads(regex.sub(r"\\\\p\{\w+\}", "a", text)))
    for pattern in regex.findall(r'"pattern": ("(?:[^"\\]|\\.)*")', text):
        regex.compile(json.loads(pattern))


def objects(schema, pointer):
    """(pointer, schema) of every object schema reachable from `schema`, through references."""
    todo, seen = [(schema, pointer)], set()
    while todo:
        node, at = todo.pop()
        if isinstance(node, list):
            todo += [(child, f"{at}/{i}") for i, child in enumerate(node)]
        elif isinstance(node, dict):
            if "$ref" in node:
                if node["$ref"] not in seen:
                    seen.add(node["$ref"])
                    todo.append((CONTRACT.resolve(node), node["$ref"]))
                continue
            kinds = node.get("type", [])
            if kinds == "object" or "object" in kinds:
                yield at, node
            todo += [(child, f"{at}/{key}") for key, child in node.items() if key not in ("examples", "example", "enum", "const")]


@pytest.mark.parametrize(("method", "pattern", "operation"), [pytest.param(*o, id=o[2]["operationId"]) for o in CONTRACT.operations()])
def test_answers_are_closed_and_refusals_documented(method, pattern, operation):
    for status, answer in operation["responses"].items():
        for media, content in CONTRACT.resolve(answer).get("content", {}).items():
            if pattern in SERVED and status == "200":
                continue                     # the documents themselves
            for pointer, schema in objects(content["schema"], f"{method} {pattern} {status} {media}"):
                assert schema.get("additionalProperties") is False, pointer
    expected = {"400"}
    if pattern.startswith("/api/") and pattern not in {*SERVED, "/api/docs"}:
        expected.add("422")
    if operation.get("security", True):
        expected.add("401")
    if "{id}" in pattern:
        expected.add("404")
    if method != "GET":
        expected |= {"413", "415"}
    if pattern.startswith("/api/") and pattern not in {*SERVED, "/api/docs"}:
        expected.add("503")
    assert expected <= set(operation["responses"]), sorted(expected - set(operation["responses"]))
    assert operation["operationId"] and operation["summary"] and operation["tags"]


def test_operation_ids_are_unique():
    ids = [operation["operationId"] for _, _, operation in CONTRACT.operations()]
    assert len(ids) == len(set(ids))


def test_examples_are_as_their_schemas():
    for method, pattern, operation in CONTRACT.operations():
        for media, content in operation.get("requestBody", {}).get("content", {}).items():
            validator = CONTRACT.validator(CONTRACT._pointer("paths", pattern, method.lower(), "requestBody", "content", media, "schema"))
            for name, example in content.get("examples", {}).items():
                assert not list(validator.iter_errors(example["value"])), f"{operation['operationId']} {name}"
    for name, schema in CONTRACT.openapi["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema, format_checker=jsonschema.FormatChecker(formats=()))
        for example in schema.get("examples", []):
            assert not CONTRACT.errors(name, example), f"{name}: {example}"


def test_every_event_type_has_a_message_on_its_topic_and_on_live_sync():
    types = set(CONTRACT.openapi["components"]["schemas"]["EventType"]["enum"])
    channels = CONTRACT.asyncapi["channels"]
    topics = {topic: set(channels[topic]["messages"]) for topic in ("task-events", "reminder-events")}
    assert topics["task-events"] | topics["reminder-events"] == types
    assert all(t.startswith("reminder.") for t in topics["reminder-events"])
    assert types <= set(channels["live-sync"]["messages"])
    for name, message in CONTRACT.asyncapi["components"]["messages"].items():
        validator = CONTRACT.validator(f"/components/messages/{name}/payload", "asyncapi")
        for example in message.get("examples", []):
            assert not list(validator.iter_errors(example["payload"])), name
