"""Ports for servers that cannot be told to choose one themselves."""

from __future__ import annotations

import random
import socket

RANGE = (15_000, 22_000)
"""Below what the kernel gives to clients that connect (32768 to 60999 on Linux): of those, another test's
connection may take one before the server does. With room for the bus of a cluster, 10000 above."""


def free_port() -> int:
    """A port that nobody listens on."""
    while True:
        port = random.SystemRandom().randrange(*RANGE)
        with socket.socket() as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
