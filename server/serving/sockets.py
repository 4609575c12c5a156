"""Sockets to listen on: the public one, which worker processes share, and one of each process for metrics."""

from __future__ import annotations

import os
import socket

from server.domain.errors import Unavailable

SEND_BUFFER = 262_144
"""Bytes that the kernel keeps for one connection. Left to itself it lets a listener that reads nothing grow to
several megabytes."""
KEEP_ALIVE = (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3), ("TCP_USER_TIMEOUT", 60_000))
PLACE = "STOPPRESS_WORKER_PLACE"
"""Set in a worker only: which it is, from 0. One that is started again keeps the place of the one that died."""
METRICS_HOST = "127.0.0.1"


def listening_socket(host: str, port: int) -> socket.socket:
    """A bound socket of its own, which other processes may share the port with (SO_REUSEPORT). What is set
    here holds for every connection that it accepts: dead peers are found by TCP itself."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if hasattr(socket, "SO_REUSEPORT"):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for name, value in KEEP_ALIVE:
        if hasattr(socket, name):
            sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
    sock.bind((host, port))
    sock.set_inheritable(True)
    return sock


def metrics_sockets(first: int) -> list[socket.socket]:
    """The socket of this process for metrics, bound to the port `first` plus its place; none when `first` is 0.
    Only this machine reaches it: Prometheus reads processes that share a port one by one.

    Raises:
        Unavailable: the port is in use.
    """
    if not first:
        return []
    port = first + int(os.environ.get(PLACE, "0"))
    bound = socket.socket()
    # no SO_REUSEPORT: a second process on this port would be read in place of the first
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((METRICS_HOST, port))
        bound.listen()  # until somebody listens, another process may bind to the same
    except OSError as error:
        bound.close()
        raise Unavailable(f"Cannot listen on {METRICS_HOST}:{port}: {error.strerror or error}.") from error
    return [bound]
