"""A port of its own for each process that shares one with others, so that Prometheus reads them one by one.
Only this machine reaches it."""

from __future__ import annotations

import os
import socket

from server.domain.errors import Unavailable

PLACE = "STOPPRESS_WORKER_PLACE"
"""Set in a worker only: which it is, from 0. One that is started again keeps the place of the one that died."""
HOST = "127.0.0.1"


def own_port(first: int) -> list[socket.socket]:
    """The socket of this process, bound to the port `first` plus its place; none when `first` is 0.

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
        bound.bind((HOST, port))
        bound.listen()  # until somebody listens, another process may bind to the same
    except OSError as error:
        bound.close()
        raise Unavailable(f"Cannot listen on {HOST}:{port}: {error.strerror or error}.") from error
    return [bound]
