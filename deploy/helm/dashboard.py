#!/usr/bin/env python3
"""Writes the Grafana dashboard, files/dashboard.json of the chart, from this short list of what to look at."""
import json
import pathlib

ME = 'namespace="$namespace",service=~".*-management"'
PANELS = [  # title, unit, {legend: expression}
    ("Requests", "reqps", {"{{status}}": f"sum by (status) (rate(carillon_http_requests_total{{{ME}}}[1m]))"}),
    ("Answer time, p99", "s", {"p99": f"histogram_quantile(0.99, sum by (le) (rate(carillon_http_request_duration_seconds_bucket{{{ME}}}[5m])))"}),
    ("Live clients", "short", {"{{pod}}": f"carillon_websocket_sockets{{{ME}}}"}),
    ("Events published", "short", {"{{pod}}": f"rate(carillon_outbox_published_total{{{ME}}}[1m])"}),
    ("Events waiting for the broker", "short", {"waiting": f"max(carillon_outbox_depth{{{ME}}})"}),
    ("Age of the oldest waiting event", "s", {"lag": f"max(carillon_outbox_lag_seconds{{{ME}}})"}),
    ("Waiting for subscribers", "short", {"{{subscription}}": f"sum by (subscription) (carillon_inbox_pending{{{ME}}})"}),
    ("Dead letters", "short", {"{{subscription}}": f"sum by (subscription) (increase(carillon_inbox_dead_letters_total{{{ME}}}[1h]))"}),
    ("Bells", "short", {"rang": f"sum(increase(carillon_reminders_fired_total{{{ME}}}[5m]))", "late": f"sum(increase(carillon_reminders_late_total{{{ME}}}[5m]))"}),
    ("Bells to come", "short", {"pending": f"max(carillon_reminders_pending{{{ME}}})"}),
    ("Dapr away (1)", "short", {"{{pod}} {{part}}": f"carillon_dapr_circuit_open{{{ME}}}"}),
    ("Wait for the database, p99", "s", {"{{queue}}": f"histogram_quantile(0.99, sum by (le, queue) (rate(carillon_database_queue_wait_seconds_bucket{{{ME}}}[5m])))"}),
    ("Entries under the last audit checkpoint", "short", {"entries": f"max(carillon_audit_checkpoint_size{{{ME}}})"}),
]
SOURCE = {"type": "prometheus", "uid": "${datasource}"}


def panel(number, title, unit, queries):
    return {"id": number + 1, "type": "timeseries", "title": title, "datasource": SOURCE,
            "gridPos": {"x": number % 3 * 8, "y": number // 3 * 7, "w": 8, "h": 7},
            "fieldConfig": {"defaults": {"unit": unit, "min": 0}, "overrides": []},
            "targets": [{"refId": chr(65 + i), "expr": expr, "legendFormat": legend, "datasource": SOURCE} for i, (legend, expr) in enumerate(queries.items())]}


DASHBOARD = {
    "title": "Carillon", "uid": "carillon", "schemaVersion": 39, "tags": ["carillon"], "time": {"from": "now-1h", "to": "now"}, "refresh": "30s",
    "templating": {"list": [
        {"name": "datasource", "type": "datasource", "query": "prometheus"},
        {"name": "namespace", "type": "query", "datasource": SOURCE, "query": "label_values(carillon_http_connections, namespace)"}]},
    "panels": [panel(n, *entry) for n, entry in enumerate(PANELS)],
}
(pathlib.Path(__file__).parent / "carillon/files/dashboard.json").write_text(json.dumps(DASHBOARD, indent=1) + "\n", encoding="utf-8")
