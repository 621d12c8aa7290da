#!/usr/bin/env python3
"""readme.py [--check]: writes the chart's README from Chart.yaml and the comments of values.yaml that start with "# --".

With --check it writes nothing and fails when the README is not what it would write, or when a value has no such comment.
"""
import json
import pathlib
import re
import sys

import yaml

CHART = pathlib.Path(__file__).resolve().parent / "carillon"
README = CHART / "README.md"
HEAD = """# Carillon's chart

{description}. Version {version}, for Kubernetes {kubeVersion}.

    helm install carillon deploy/helm/carillon -n carillon --create-namespace --set database.existingSecret=carillon-postgres
    helm test carillon -n carillon

What it needs (Dapr or Kafka, PostgreSQL, an image) and what it has been seen to do: [docs/deploy/kubernetes.md](../../../docs/deploy/kubernetes.md).
On one small node: `values-minikube.yaml`, [docs/deploy/minikube.md](../../../docs/deploy/minikube.md). With a managed Kafka and a managed
PostgreSQL: `values-production.yaml`. Values are checked against `values.schema.json`; `make charts` checks all of it.

This page is written by `deploy/helm/readme.py`.

## Values

| value | default | |
|---|---|---|
"""


def rows(text):
    """(dotted name, default, what it says) of each commented value; the names of those that no comment explains."""
    values, found, bare, path, said = yaml.safe_load(text), [], [], [], None
    for line in text.splitlines():
        if comment := re.match(r" *# -- (.*)", line):
            said = comment.group(1)
        elif field := re.match(r"( *)([A-Za-z]+):", line):
            path = [*path[:len(field.group(1)) // 2], field.group(2)]
            default = values
            for key in path:
                default = default[key]
            covered = any(".".join(path).startswith(f"{name}.") for name, _, _ in found)
            if said:
                found.append((".".join(path), default, said))
            elif not covered and not isinstance(default, dict):
                bare.append(".".join(path))
            said = None
    return found, bare


def readme():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text(encoding="utf-8"))
    found, bare = rows((CHART / "values.yaml").read_text(encoding="utf-8"))
    assert not bare, f"values without a comment: {', '.join(bare)}"
    lines = [f"| `{name}` | `{json.dumps(default)}` | {said} |\n" for name, default, said in found]
    return HEAD.format(**chart) + "".join(lines)


if __name__ == "__main__":
    if "--check" not in sys.argv:
        README.write_text(readme(), encoding="utf-8")
    elif README.read_text(encoding="utf-8") != readme():
        sys.exit(f"{README} is not what values.yaml says: run deploy/helm/readme.py")
