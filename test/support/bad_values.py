"""Wrong values for every field, made from the schemas of the OpenAPI document."""
from contract import CONTRACT


ABSENT = object()


class Bad:
    """A wrong value of one field. `named` is false where the whole body is no JSON, so that no field can be named; `sure`
    where the schema alone cannot tell that it is wrong."""

    def __init__(self, what, value, named=True, sure=False):
        self.what = what
        self.value = value
        self.status = 422 if named else 400
        self.named = named
        self.sure = sure or not named or value is ABSENT

    def __repr__(self):
        return self.what


def types(schema):
    kinds = schema.get("type", [])
    return [kinds] if isinstance(kinds, str) else kinds


def merged(schema):
    """The schema without references; a choice between one form and null becomes that form with null allowed."""
    schema = CONTRACT.resolve(schema)
    if "oneOf" in schema:
        forms = [merged(s) for s in schema["oneOf"]]
        real = [s for s in forms if types(s) != ["null"]]
        if len(real) == 1:
            return real[0] | {"type": [*types(real[0]), *(["null"] if len(forms) > len(real) else [])]}
        return real[0] | {"nullable": any("null" in types(s) for s in forms), "forms": real}
    return schema


def allows_null(schema):
    return "null" in types(schema) or schema.get("nullable", False) or None in schema.get("enum", [])


def bad_values(schema, required):
    """Every kind of wrong value for a field of that schema."""
    for bad in _candidates(schema, required):
        if bad.sure or not CONTRACT.accepts(schema, bad.value):
            yield bad


def _candidates(schema, required):
    schema = merged(schema)
    if not types(schema) and "enum" not in schema and "forms" not in schema:
        return                                     # anything goes: the read-only fields of PUT
    if required:
        yield Bad("absent", ABSENT)
    if not allows_null(schema):
        yield Bad("null", None)
    yield from _wrong_types(schema)
    kinds = types(schema)
    if "string" in kinds or "enum" in schema:
        yield from _strings(schema)
    if "integer" in kinds:
        yield from _integers(schema)
    if "array" in kinds:
        yield from _arrays(schema)


def _wrong_types(schema):
    kinds = types(schema)
    samples = {"string": "text", "integer": 7, "boolean": True, "array": [], "object": {}}
    for kind, value in samples.items():
        if kind in kinds or (kind == "string" and "enum" in schema) or (kind == "object" and "forms" in schema):
            continue
        yield Bad(f"a {kind}", value)
    if "integer" not in kinds:
        yield Bad("10^12", 10**12)
        yield Bad("negative", -1)
    yield Bad("a fraction", 1.5)


def _strings(schema):
    yield Bad("lone surrogate", "a\ud800b", named=False)
    if schema.get("format") == "date-time":
        yield from _dates("2027-02-28T09:00:00Z")
        return
    if schema.get("format") == "date":
        yield from _dates("2027-02-28")
        return
    yield Bad("NUL", "a\0b")
    yield Bad("control character", "a\u0007b")
    yield Bad("C1 control character", "a\u009fb")
    yield Bad("noncharacter", "a\uffffb")
    yield Bad("line break", "a\nb")
    yield Bad("empty", "")
    yield Bad("blanks only", " " * max(3, schema.get("minLength", 0)))
    yield Bad("Unicode blanks only", "\u2003\u3000" * max(1, schema.get("minLength", 0)))
    if "maxLength" in schema:
        yield Bad("too long", "x" * (schema["maxLength"] + 1))
        yield Bad("much too long", "x" * 100_000)
    if "pattern" in schema:
        yield Bad("of another form", "§ ?")
    if "enum" in schema:
        yield Bad("none of the choices", "sometimes")
        yield Bad("a choice in capitals", next(v for v in schema["enum"] if v).upper())


def _dates(good):
    day, _, clock = good.partition("T")
    tail = "T" + clock if clock else ""
    for what, value in {"not a date": "tomorrow", "empty": "", "blanks only": "   ", "year 0": "0000" + good[4:],
                        "year 10000": "10000" + good[4:], "30 February": "2027-02-30" + tail, "month 13": "2027-13-01" + tail,
                        "negative year": "-" + good, "digits of another script": "२०२७" + good[4:],
                        "much too long": good + "0" * 100_000, "NUL": good[:4] + "\0" + good[4:]}.items():
        yield Bad(what, value, sure=True)
    if clock:
        yield Bad("a date without time", day, sure=True)
        yield Bad("a date without offset", good[:-1], sure=True)
        yield Bad("hour 24", day + "T24:00:00Z", sure=True)
        yield Bad("a leap second", "2016-12-31T23:59:60Z", sure=True)
        yield Bad("offset of a day", day + "T09:00:00+24:00", sure=True)
        yield Bad("year 0 in UTC", "0001-01-01T00:00:00+01:00", sure=True)


def _integers(schema):
    if schema.get("maximum", 10**12) < 10**12:
        yield Bad("10^12", 10**12)
    if schema.get("maximum", 2**63 - 1) <= 2**63 - 1:
        yield Bad("more than 64 bits", 10**30)
    if "minimum" in schema:
        yield Bad("too small", schema["minimum"] - 1)
        yield Bad("minus 10^12", -10**12)
        yield Bad("beyond 64 bits below", -10**30)
    if schema.get("not", {}).get("const") is not None:
        yield Bad("the forbidden one", schema["not"]["const"])


def _arrays(schema):
    if "maxItems" in schema:
        items = merged(schema["items"])
        good = list(range(1, 32)) * 3 if "integer" in types(items) else [f"tag{i}" for i in range(schema["maxItems"] + 1)]
        yield Bad("too many", good[:schema["maxItems"] + 1])
        yield Bad("far too many", ["x"] * 20_000)
    if schema.get("minItems", 0) > 0:
        yield Bad("none", [])


def fields(schema, prefix=""):
    """(path, schema, required) of every field of a request, those of nested objects and the items of arrays (`tags.0`) too."""
    schema = merged(schema)
    seen = set()
    for form in schema.get("forms", [schema]):
        for name, child in form.get("properties", {}).items():
            if name in seen:
                continue
            seen.add(name)
            path = f"{prefix}{name}"
            child = merged(child)
            yield path, child, name in form.get("required", []) and "forms" not in schema
            if "properties" in child or "forms" in child:
                yield from fields(child, path + ".")
            if "items" in child:
                yield f"{path}.0", merged(child["items"]), False


def with_value(body, path, value):
    """A copy of `body` with the field at `path` set, or left out where `value` is ABSENT."""
    name, _, rest = path.partition(".")
    if isinstance(body, list):
        return [value if not rest else with_value(body[0], rest, value)]
    body = dict(body or {})
    if rest:
        inner = body.get(name)
        if rest == "0":
            body[name] = [value]
        else:
            body[name] = with_value(inner if isinstance(inner, dict) else {}, rest, value)
    elif value is ABSENT:
        body.pop(name, None)
    else:
        body[name] = value
    return body
