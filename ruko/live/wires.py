"""The wires: the one Socket.IO server of this process, and how something is said over it."""

import logging
from typing import Any

import socketio as python_socketio
from flask import Flask
from flask_socketio import SocketIO

from ruko.web.gate import Gate

socket_log = logging.getLogger("ruko.live.packets")
socket_log.setLevel(logging.ERROR)  # the library tells of every packet otherwise

socketio = SocketIO()
_app: Flask | None = None


def connect_app(app: Flask, redis_url: str | None) -> None:
    """Put Socket.IO on the app; with Redis, across processes."""
    global _app  # noqa: PLW0603 – Flask-SocketIO itself is one per process
    _app = app
    socketio.init_app(
        app,
        async_mode="threading",
        client_manager=_redis(redis_url) if redis_url else None,
        manage_session=False,
        ping_interval=10,
        ping_timeout=8,
        max_http_buffer_size=16 * 1024,
        logger=socket_log,
        engineio_logger=socket_log,
    )


def _redis(url: str) -> python_socketio.RedisManager:
    timeouts = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5, "health_check_interval": 5}
    return python_socketio.RedisManager(url, channel="ruko", redis_options=timeouts)


def current_app() -> Flask:
    """The app that was connected last."""
    if _app is None:
        raise RuntimeError("install_live() comes first.")
    return _app


def gate() -> Gate:
    """Where that app's sockets come in."""
    found: Gate = current_app().extensions["ruko_gate"]
    return found


def server() -> python_socketio.Server:
    """The Socket.IO server itself."""
    if socketio.server is None:
        raise RuntimeError("install_live() comes first.")
    return socketio.server


def is_shared() -> bool:
    """Whether the screens of other processes are told by this one, too: through Redis."""
    return isinstance(server().manager, python_socketio.RedisManager)


def room_of(office_id: int) -> str:
    """Everybody of an office."""
    return f"office:{office_id}"


def room_of_display(device_id: int) -> str:
    """One paired display."""
    return f"display:{device_id}"


def send(event: str, data: Any, namespace: str, *, to: str, here: bool = False) -> None:
    """Emit through Redis if there is one; with `here` to this process's own sockets only."""
    server().emit(event, data, to=to, namespace=namespace, ignore_queue=here)
