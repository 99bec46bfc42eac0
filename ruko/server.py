"""The embedded server: one gunicorn worker with threads, for one small computer on the LAN."""

from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from ruko.live import THREADS

GRACEFUL_SECONDS = 3
"""Sockets never end by themselves; a stop waits this long for the other requests."""


class Embedded(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """gunicorn, given the application itself: no module in the current folder can take its place."""

    def __init__(self, load: Callable[[], Flask], options: dict[str, Any]) -> None:
        self._load = load
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return self._load()


def serve(load: Callable[[], Flask], host: str, port: int, **options: Any) -> None:
    """Serve until SIGTERM or SIGINT. `load` runs in the worker, after the fork."""
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    Embedded(
        load,
        {
            "bind": bind,
            "workers": 1,
            "worker_class": "gthread",
            "threads": THREADS,
            "graceful_timeout": GRACEFUL_SECONDS,
            "timeout": 60,
            "keepalive": 65,
            "worker_tmp_dir": None,
            "loglevel": "warning",
            "control_socket_disable": True,
            **options,
        },
    ).run()
