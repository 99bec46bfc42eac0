"""The wires: the one Socket.IO server of this process, and how something is said over it."""

import logging
import socket
from typing import Any

import socketio as python_socketio
from flask import Flask
from flask_socketio import SocketIO
from socketio.packet import EVENT

from ruko.live.relay import Relay
from ruko.web.gate import SERVED_BY, Gate, hang_up, is_socket

socket_log = logging.getLogger("ruko.live.packets")
socket_log.setLevel(logging.ERROR)  # the library tells of every packet otherwise

socketio = SocketIO()
_app: Flask | None = None
_relay: Relay | None = None


def connect_app(app: Flask, redis_url: str | None) -> None:
    """Put Socket.IO on the app; with Redis, other processes are told what happens here."""
    global _app, _relay  # noqa: PLW0603 – Flask-SocketIO itself is one per process
    _app = app
    _relay = Relay(redis_url) if redis_url else None
    socketio.init_app(
        app,
        async_mode="threading",
        manage_session=False,
        ping_interval=10,
        ping_timeout=8,
        max_http_buffer_size=16 * 1024,
        logger=socket_log,
        engineio_logger=socket_log,
    )


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


def relay() -> Relay | None:
    """The line to the other processes, if there are any."""
    return _relay


def room_of(office_id: int) -> str:
    """Everybody of an office."""
    return f"office:{office_id}"


def room_of_display(device_id: int) -> str:
    """One paired display."""
    return f"display:{device_id}"


def send(event: str, data: Any, namespace: str, *, to: str) -> None:
    """Emit to this process's sockets in that room: framed once, and written to each line by this thread.

    The library would hand it to a writer thread for each socket, and a hundred of them take turns.
    It still does for those that poll, and for those that do not take it at once.
    """
    packet = server().packet_class(EVENT, data=[event, data], namespace=namespace)
    frame = framed(f"4{packet.encode()}")  # to Engine.IO, 4 is a message
    for sid, _ in server().manager.get_participants(namespace, to):
        environ = server().get_environ(sid, namespace) or {}
        line = environ.get(SERVED_BY) if is_socket(environ) else None
        if line is None or not put_on(line, frame):
            server().emit(event, data, to=sid, namespace=namespace)


def framed(text: str) -> bytes:
    """One whole text message as a server's WebSocket frame, RFC 6455."""
    body = text.encode()
    size = len(body)
    if size < 126:
        head = bytes((0x81, size))
    elif size < 2**16:
        head = bytes((0x81, 126)) + size.to_bytes(2)
    else:
        head = bytes((0x81, 127)) + size.to_bytes(8)
    return head + body


def put_on(line: socket.socket, frame: bytes) -> bool:
    """Whether the line needs nothing more: it took the frame, or is gone."""
    try:
        taken = line.send(frame, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:  # the library notices by itself
        return True
    if taken < len(frame):  # it has read nothing for long, and half a message cannot be taken back
        hang_up(line)
    return True
