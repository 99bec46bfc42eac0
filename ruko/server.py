"""The embedded server: one gunicorn worker with threads, for one small computer on the LAN."""

import ctypes
import gc
import os
import resource
import signal
import socket
import struct
from contextlib import suppress
from typing import Any, NoReturn

from flask import Flask
from gunicorn.app.base import BaseApplication
from gunicorn.http import message

from ruko.backup import KEEPER
from ruko.live import THREADS
from ruko.worker import Worker

STOP_SECONDS = 5
"""A stop never takes longer; what still runs then is ended."""
LAST_ANSWERS_SECONDS = 2
"""Sockets never end by themselves; a stop waits this long for the other requests."""
LONGEST_ADDRESS = 128 * 1024
"""Of a request, in bytes. gunicorn hangs up beyond 8190; what a person pastes deserves a sentence."""

SILENT_SECONDS = 20
"""A peer that takes nothing or says nothing for so long, while it should, is gone: a TV without power
sends no goodbye, and would keep its threads for a quarter of an hour. Sockets say something every 10."""
MOST_CONNECTIONS = 4000
"""At a time, of which at most `THREADS` are served; the others wait without a thread."""

M_ARENA_MAX = -8
ARENAS = 2
"""Of the memory allocator: one for each of a thousand threads would keep what all of them freed."""

EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104 – compared with, never bound


class Embedded(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn, given the application itself: no module in the current folder can take its place."""

    def __init__(self, app: Flask, options: dict[str, Any]) -> None:
        self._app = app
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._app


def listen(host: str, port: int) -> socket.socket:
    """Take the address before any work is done for it; raises OSError with a sentence."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, dualstack_ipv6=host == "::")
    except OSError as error:
        reason = (error.strerror or "").partition(" (")[0]  # Python adds the address again
        raise OSError(
            f"RUKO cannot listen at {host} port {port}: {reason}."
            " Please choose another with --host or --port."
        ) from error
    _give_up_on_the_silent(listening)
    return listening


def _give_up_on_the_silent(listening: socket.socket) -> None:
    """Linux hands these on to each connection that is accepted."""
    seconds = struct.pack("ll", SILENT_SECONDS, 0)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, seconds)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, seconds)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENT_SECONDS * 1000)


def address_of(listening: socket.socket) -> str:
    """Where a browser finds it: for all addresses, the one that other devices reach."""
    host, port = listening.getsockname()[:2]
    if host in EVERYWHERE:
        host = _address_in_network()
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _address_in_network() -> str:
    """This computer's address on its network, else its own; asks the routing table, sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # set aside for documentation: nobody is there
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def serve(app: Flask, listening: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT.

    The worker is a fork of this process: a moved clock moves on there.
    Nobody may have used the database here without disposing of its connections.
    """
    gc.collect()
    gc.freeze()  # the program itself is for ever; looking through it again slows every answer
    _share_memory()
    outlives_terminal = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN  # started by nohup
    message.MAX_REQUEST_LINE = LONGEST_ADDRESS
    _allow_connections()
    Embedded(
        app,
        {
            "bind": f"fd://{listening.detach()}",
            "workers": 1,
            "worker_class": Worker,
            "worker_connections": MOST_CONNECTIONS,
            "threads": THREADS,
            "graceful_timeout": STOP_SECONDS,
            "timeout": 60,
            "keepalive": 65,
            "limit_request_line": LONGEST_ADDRESS,
            "loglevel": "warning",
            "forwarded_allow_ips": "",  # what a proxy says is read where RUKO_TRUSTED_PROXIES allows it
            "control_socket_disable": True,
            "post_fork": _hurry,
            "post_worker_init": lambda _worker: app.extensions[KEEPER].start(),
            "worker_exit": _leave,
            "on_reload": _stay if outlives_terminal else _hang_up,
        },
    ).run()


def _share_memory() -> None:
    """As `MALLOC_ARENA_MAX` would, which can only be set from outside; glibc alone knows it."""
    if "MALLOC_ARENA_MAX" not in os.environ:
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)


def _allow_connections() -> None:
    """Each is a file to the system, which usually allows a thousand."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + 1000  # files, pipes and the database
    enough = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, enough), hard))


def _hurry(_arbiter: Any, worker: Any) -> None:
    """The worker leaves by itself, before it would be killed and logged as such."""
    worker.cfg.set("graceful_timeout", LAST_ANSWERS_SECONDS)


def _leave(_arbiter: Any, worker: Any) -> None:
    """End the worker here: not waiting for threads that hold sockets, not unwinding the command."""
    if worker.booted and worker.pid == os.getpid():
        os._exit(0)


def _hang_up(_arbiter: Any) -> NoReturn:
    """Its terminal was closed: stop, or the next start would find the address taken."""
    raise KeyboardInterrupt


def _stay(_arbiter: Any) -> None:
    """Go on, with a new worker."""
