"""Ports for the servers that tests start."""

import os
import socket
import urllib.request
from contextlib import suppress
from itertools import cycle

WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
PORTS = range(20_000, 32_000)[(os.getppid() + WORKER) % 120 :: 120]
"""Of this worker of this run, and below those that the system gives to every connection that is
opened: such a one would now and then hold the port of a server that is starting, or away for a while.
"""
_next_one = cycle(PORTS)


def free_port() -> int:
    """A port that nobody has, nor gets while its server starts or is away."""
    for _ in PORTS:
        port = next(_next_one)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError(f"Somebody has every port of {PORTS}.")


def answers(url: str) -> bool:
    """Whether somebody answers there."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 – our own server
            return bool(answer.status == 200)
    except OSError:
        return False
