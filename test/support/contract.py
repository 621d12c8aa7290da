"""The documents as a contract: every answer and every event that a test sees must be as docs/api says."""
import json
import pathlib
import re

import jsonschema
import referencing
import regex
import yaml
from jsonschema import Draft202012Validator, FormatChecker
from referencing.jsonschema import DRAFT202012
from rfc3339_validator import validate_rfc3339

ROOT = pathlib.Path(__file__).resolve().parents[2]
METHODS = ("get", "post", "put", "patch", "delete")


class Violation(AssertionError):
    """The server and the document disagree."""


def load(name):
    """The document as it is served: docs/api/NAME.yaml as JSON."""
    return json.loads(json.dumps(yaml.safe_load((ROOT / "docs/api" / f"{name}.yaml").read_text(encoding="utf-8"))))


_formats = FormatChecker(formats=())
_formats.checks("date-time")(lambda v: not isinstance(v, str) or validate_rfc3339(v))
_formats.checks("date")(lambda v: not isinstance(v, str) or validate_rfc3339(v + "T00:00:00Z"))
_formats.checks("uuid")(lambda v: not isinstance(v, str) or bool(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", v)))


def _pattern(validator, pattern, instance, schema):
    # ECMA 262 with \p{…}, which Python's own re does not know.
    if validator.is_type(instance, "string") and not regex.search(pattern, instance):
        yield jsonschema.ValidationError(f"{instance!r} does not match {pattern!r}")


_Validator = jsonschema.validators.extend(Draft202012Validator, {"pattern": _pattern})


class Contract:
    """Both documents, with a validator for each schema in them, by JSON pointer."""

    def __init__(self):
        self.openapi = load("openapi")
        self.asyncapi = load("asyncapi")
        resources = [(f"http://localhost/api/{name}.json", DRAFT202012.create_resource(document))
                     for name, document in (("openapi", self.openapi), ("asyncapi", self.asyncapi))]
        self._registry = referencing.Registry().with_resources(resources)
        self._validators = {}
        self._routes = []
        for pattern, item in self.openapi["paths"].items():
            expression = re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(pattern)))
            self._routes.append((pattern.count("{"), expression, pattern, item))
        self._routes.sort(key=lambda route: route[0])

    # --- the document

    def operations(self):
        """(method, pattern, operation) of the whole document."""
        for pattern, item in self.openapi["paths"].items():
            for method in METHODS:
                if method in item:
                    yield method.upper(), pattern, item[method]

    def public_operations(self):
        """Those on the public listener."""
        return [o for o in self.operations() if "servers" not in self.openapi["paths"][o[1]]]

    def find(self, method, path):
        """(pattern, operation); (None, None) where no path matches, (pattern, None) where the path has no such method."""
        path = path.split("?")[0]
        path = path.rstrip("/") or "/"
        for _, expression, pattern, item in self._routes:
            if expression.fullmatch(path):
                return pattern, item.get(method.lower())
        return None, None

    def resolve(self, node):
        """Follows `$ref` within the OpenAPI document."""
        while isinstance(node, dict) and "$ref" in node:
            target = self.openapi
            for part in node["$ref"].removeprefix("#/").split("/"):
                target = target[part]
            node = target
        return node

    def parameters(self, pattern, operation):
        """All parameters of an operation, resolved."""
        shared = self.openapi["paths"][pattern].get("parameters", [])
        return [self.resolve(p) for p in shared + operation.get("parameters", [])]

    def validator(self, pointer, document="openapi"):
        """Validator of the schema at a JSON pointer such as `/components/schemas/Todo`."""
        key = (document, pointer)
        if key not in self._validators:
            schema = {"$ref": f"http://localhost/api/{document}.json#{pointer}"}
            self._validators[key] = _Validator(schema, registry=self._registry, format_checker=_formats)
        return self._validators[key]

    def accepts(self, schema, value):
        """Whether any schema of the OpenAPI document, references and all, takes the value."""
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            root = json.loads(re.sub(r'"\$ref": "#', '"$ref": "http://localhost/api/openapi.json#', key))
            root.pop("forms", None), root.pop("nullable", None)
            self._validators[key] = _Validator(root, registry=self._registry, format_checker=_formats)
        return self._validators[key].is_valid(value)

    def errors(self, schema_name, value):
        return list(self.validator(f"/components/schemas/{schema_name}").iter_errors(value))

    def _require(self, validator, value, what):
        error = jsonschema.exceptions.best_match(validator.iter_errors(value))
        if error:
            raise Violation(f"{what}: {'/'.join(map(str, error.absolute_path)) or '(whole)'}: {error.message[:600]}\n"
                            f"in {json.dumps(value, ensure_ascii=False)[:2000]}")

    # --- answers

    def check_response(self, method, path, status, headers, body, request=None):
        """`request` is the JSON that was sent: what is accepted must be as documented too."""
        what = f"{method} {path} → {status}"
        pattern, operation = self.find(method, path)
        if operation is None:
            expected = 404 if pattern is None else 405
            if status != expected:
                raise Violation(f"{what}: not in the document, so {expected} is expected")
            self._check_problem(what, status, headers, body)
            return
        documented = operation["responses"].get(str(status))
        if documented is None:
            raise Violation(f"{what}: status not documented for {operation['operationId']}: {body[:500]!r}")
        documented = self.resolve(documented)
        self._check_headers(what, documented, headers)
        self._check_body(what, method, pattern, status, documented, headers, body)
        if 200 <= status < 300 and request is not None and operation["operationId"] != "batchTodos":
            content = self.resolve(operation.get("requestBody", {})).get("content", {})
            if content:
                media = "application/json" if "application/json" in content else next(iter(content))
                pointer = self._pointer("paths", pattern, method.lower(), "requestBody", "content", media, "schema")
                self._require(self.validator(pointer), request, f"{what}: accepted though the document refuses it")

    @staticmethod
    def _pointer(*parts):
        return "".join("/" + p.replace("~", "~0").replace("/", "~1") for p in parts)

    def _check_headers(self, what, documented, headers):
        for name, header in documented.get("headers", {}).items():
            header = self.resolve(header)
            value = headers.get(name)
            if value is None:
                if header.get("required"):
                    raise Violation(f"{what}: header {name} is missing")
                continue
            schema = self.resolve(header["schema"])
            if schema.get("type") == "integer":
                value = int(value)
            self._require(_Validator(schema), value, f"{what}: header {name}")

    def _check_body(self, what, method, pattern, status, documented, headers, body):
        content = documented.get("content")
        if not content:
            if body:
                raise Violation(f"{what}: a body where none is documented: {body[:200]!r}")
            return
        media = headers.get("content-type", "").split(";")[0].strip()
        if media not in content:
            raise Violation(f"{what}: content type {media!r}, documented {sorted(content)}")
        if not media.endswith("json"):
            return
        value = json.loads(body)
        if media == "application/problem+json":
            self._check_problem(what, status, headers, body)
            return
        raw = self.openapi["paths"][pattern][method.lower()]["responses"][str(status)]
        if "$ref" in raw:
            pointer = raw["$ref"].removeprefix("#") + self._pointer("content", media, "schema")
        else:
            pointer = self._pointer("paths", pattern, method.lower(), "responses", str(status), "content", media, "schema")
        self._require(self.validator(pointer), value, what)

    def _check_problem(self, what, status, headers, body):
        media = headers.get("content-type", "").split(";")[0].strip()
        if media != "application/problem+json":
            raise Violation(f"{what}: content type {media!r}, not problem+json: {body[:200]!r}")
        problem = json.loads(body)
        self._require(self.validator("/components/schemas/Problem"), problem, what)
        if problem["status"] != status:
            raise Violation(f"{what}: the problem says {problem['status']}")

    # --- events

    def check_message(self, text):
        """One WebSocket message of the server: a control message or an event. The parsed message."""
        message = json.loads(text)
        name = message.get("type")
        sent = self.asyncapi["operations"]["sendLive"]["messages"]
        if name not in {ref["$ref"].rsplit("/", 1)[1] for ref in sent}:
            raise Violation(f"message of an undocumented type: {text[:500]}")
        self._require(self.validator(f"/components/messages/{name}/payload", "asyncapi"), message, f"message {name}")
        if "specversion" in message:
            self._check_event(message)
        return message

    @staticmethod
    def _check_event(event):
        data = event["data"]
        agree = (str(data["taskId"]) == event["subject"], data["userId"] == event["partitionkey"],
                 data["todo"] is None or str(data["todo"]["id"]) == event["subject"])
        if not all(agree):
            raise Violation(f"attributes and data disagree: {event}")


CONTRACT = Contract()
