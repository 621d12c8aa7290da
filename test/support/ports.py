"""Ports for the servers that tests start."""
import contextlib
import random
import socket


def free_ports(count):
    """Ports of 127.0.0.1 nobody listens on, below those that the kernel gives to outgoing connections: none of these takes one
    meanwhile, nor while a server is stopped that comes back on its own port."""
    ports = set()
    while len(ports) < count:
        port = random.randrange(10_000, 32_768)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            ports.add(port)
    return sorted(ports)
