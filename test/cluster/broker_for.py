"""Runs a program beside a real Kafka and a real Dapr scheduler, and starts sidecars and topics for it on demand.

    broker_for.py PROGRAM ARGUMENT…

The program finds `host:port` in CARILLON_TEST_CLUSTER and asks there, in JSON: `POST /topics/PREFIX` makes the topics of
deploy/kafka under that prefix, `POST /sidecar` {"app_port","app_token"} starts a sidecar, the one before is stopped, and answers
{"port"}; `DELETE /sidecar` stops it.
"""
import contextlib
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading

from parts import Kafka, Scheduler, Sidecar


class Control(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, status, body):
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            if self.path.startswith("/topics/"):
                self.server.kafka.create_topics(self.path.removeprefix("/topics/"))
                return self.answer(200, {})
            return self.answer(200, {"port": self.server.new_sidecar(**json.loads(body)).port})
        except Exception as e:  # the program under test says what it lacks
            return self.answer(500, {"error": repr(e)})

    def do_DELETE(self):
        self.server.stop_sidecar()
        self.answer(200, {})


class Server(http.server.HTTPServer):
    """One thread for all requests: a part ends with the thread that started it."""

    def __init__(self, directory, kafka, scheduler):
        super().__init__(("127.0.0.1", 0), Control)
        self.directory, self.kafka, self.scheduler = directory, kafka, scheduler
        self.sidecar, self.count = None, 0

    def new_sidecar(self, app_port, app_token):
        self.stop_sidecar()
        self.count += 1
        secrets = {"kafka-brokers": self.kafka.address, "state-store-url": "host=127.0.0.1 port=1"}
        self.sidecar = Sidecar(self.count, self.directory, app_port, self.scheduler.address, secrets, app_token)
        return self.sidecar.start()

    def stop_sidecar(self):
        if self.sidecar:
            self.sidecar.stop()
        self.sidecar = None


def main():
    with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
        kafka, scheduler = Kafka(directory), Scheduler(directory)
        for part in (kafka, scheduler):
            stack.callback(part.stop)
            part.launch()
        for part in (kafka, scheduler):
            part.wait_ready(120)
        kafka.create_topics()
        server = Server(directory, kafka, scheduler)
        stack.callback(server.stop_sidecar)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"127.0.0.1:{server.server_port}"
        return subprocess.run(sys.argv[1:], env={**os.environ, "CARILLON_TEST_CLUSTER": address}).returncode


if __name__ == "__main__":
    raise SystemExit(main())
