"""Socket.IO: lets screens and desks in, and rings them after the commit. One thread emits.

The database is the truth and the socket a hint: a screen that missed a message notices by the
heartbeat's version and fetches the board.
"""

import logging
import threading
from collections import Counter
from typing import Any

import socketio as python_socketio
from flask import Flask, request
from flask_socketio import ConnectionRefusedError, SocketIO, join_room

from ruko import clock, words
from ruko.board import snapshot
from ruko.db import db, writing
from ruko.devices import Device, find_device, touch
from ruko.errors import NotFound
from ruko.events import listen
from ruko.offices import BoardChanged, Office, board_version, get_office
from ruko.web import current_device, signed_in

log = logging.getLogger(__name__)

THREADS = 256
"""Of the embedded server; each WebSocket holds one for life."""
MOST_SOCKETS = THREADS - 64
MOST_STRANGERS = MOST_SOCKETS - 64
"""Unpaired boards beyond this are refused and poll, so strangers never keep out a screen or desk."""
MERGE_SECONDS = 0.05
HEARTBEAT_SECONDS = 5
REREAD_SECONDS = 30
"""Changes made by time alone (break, close, expiry) raise no version; the board is re-read for them."""

socketio = SocketIO()
_lock = threading.Condition()
_dirty: dict[int, set[str]] = {}
_screens: dict[str, int] = {}
"""Session → office, for the sockets of this process."""
_strangers: set[str] = set()
_thread: threading.Thread | None = None
_app: Flask | None = None


def install_live(app: Flask, redis_url: str | None) -> None:
    """Put Socket.IO on the app; with Redis, across processes."""
    manager = None
    if redis_url:
        manager = python_socketio.RedisManager(
            redis_url,
            channel="ruko",
            redis_options={
                "socket_timeout": 0.5,
                "socket_connect_timeout": 0.5,
                "health_check_interval": 5,
            },
        )
    global _app  # noqa: PLW0603 – Flask-SocketIO itself is one per process
    _app = app
    socketio.init_app(
        app,
        async_mode="threading",
        client_manager=manager,
        manage_session=False,
        ping_interval=10,
        ping_timeout=8,
    )


class NoDeflate:
    """Strip the offer to deflate WebSockets: measured at 1.6 times the latency, 2.4 the memory."""

    def __init__(self, wsgi: Any) -> None:
        self.wsgi = wsgi

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        environ.pop("HTTP_SEC_WEBSOCKET_EXTENSIONS", None)
        return self.wsgi(environ, start_response)


def _room(office_id: int) -> str:
    return f"office:{office_id}"


# ── Letting in ────────────────────────────────────────────────────────────────────────────────


@socketio.on("connect", namespace="/board")
def _board_connects(auth: dict[str, Any] | None = None) -> None:
    try:
        office = get_office(request.args.get("office", ""))
    except NotFound:
        raise ConnectionRefusedError("unknown office") from None
    device = _display(auth, office)
    _admit(office.id, stranger=device is None)
    if device is not None:
        with writing():
            db.session.rollback()  # the looks above began a reading transaction
            touch(device.id, now=clock.now())
            db.session.commit()
        office = get_office(request.args.get("office", ""))
    join_room(_room(office.id))
    board = snapshot(office, now=clock.now())
    socketio.emit("board", _json(board), namespace="/board", to=_sid())


@socketio.on("connect", namespace="/desk")
def _desk_connects(_auth: dict[str, Any] | None = None) -> None:
    user = signed_in()
    if user is None or user.must_change_password or user.village_id is not None:
        raise ConnectionRefusedError("sign in first")
    _admit(user.office_id, stranger=False)
    join_room(_room(user.office_id))


@socketio.on("disconnect", namespace="/board")
@socketio.on("disconnect", namespace="/desk")
def _leaves(*_reason: Any) -> None:
    with _lock:
        _screens.pop(_sid(), None)
        _strangers.discard(_sid())


def _sid() -> str:
    sid: str = request.sid  # type: ignore[attr-defined]  # Flask-SocketIO adds it
    return sid


def _display(auth: dict[str, Any] | None, office: Office) -> Device | None:
    token = auth.get("token") if isinstance(auth, dict) else None
    device = find_device(token) if isinstance(token, str) else current_device()
    return device if device and device.kind == "display" and device.office_id == office.id else None


def _admit(office_id: int, *, stranger: bool) -> None:
    with _lock:
        if len(_screens) >= MOST_SOCKETS or (stranger and len(_strangers) >= MOST_STRANGERS):
            raise ConnectionRefusedError("full house: please poll the board")
        _screens[_sid()] = office_id
        if stranger:
            _strangers.add(_sid())
    _start_thread()


# ── Ringing ───────────────────────────────────────────────────────────────────────────────────


@listen
def _ring(happened: object) -> None:
    """After a commit: mark the office; the emitter reads and tells."""
    if isinstance(happened, BoardChanged):
        with _lock:
            _dirty.setdefault(happened.office_id, set()).update(happened.all_bidang)
            _lock.notify()
        _start_thread()


def _start_thread() -> None:
    global _thread  # noqa: PLW0603 – one emitter per process, started after the server's fork
    if _app is None:
        return
    with _lock:
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_emitter, args=(_app,), name="ruko-live", daemon=True)
            _thread.start()


def _emitter(app: Flask) -> None:
    shown: dict[int, dict[str, Any]] = {}
    next_beat = clock.monotonic() + HEARTBEAT_SECONDS
    next_reread = clock.monotonic() + REREAD_SECONDS
    while True:
        with _lock:
            if not _dirty:
                _lock.wait(max(0.0, min(next_beat, next_reread) - clock.monotonic()))
        time_up = threading.Event()
        time_up.wait(MERGE_SECONDS if _dirty else 0)  # a burst becomes one message
        with _lock:
            dirty, _watched = dict(_dirty), Counter(_screens.values())
            _dirty.clear()
        now = clock.monotonic()
        reread = now >= next_reread
        try:
            with app.app_context():
                for office_id in set(dirty) | (set(_watched) if reread else set()):
                    _tell(office_id, dirty.get(office_id), shown)
                if now >= next_beat:
                    for office_id in _watched:
                        _beat(office_id)
        except Exception:  # the screens notice by the missing heartbeat and poll
            log.exception("the board could not be told")
        if reread:
            next_reread = now + REREAD_SECONDS
        if now >= next_beat:
            next_beat = now + HEARTBEAT_SECONDS


def _tell(office_id: int, all_bidang: set[str] | None, shown: dict[int, dict[str, Any]]) -> None:
    office = db.session.get_one(Office, office_id)
    board = _json(snapshot(office, now=clock.now()))
    timeless = {key: value for key, value in board.items() if key != "generated_at"}
    if all_bidang is None and shown.get(office_id) == timeless:
        return  # re-read because of the time, and nothing changed
    shown[office_id] = timeless
    socketio.emit("board", board, namespace="/board", to=_room(office_id))
    for code in sorted(all_bidang or ()):
        socketio.emit(
            "queue",
            {"bidang": code, "version": board["version"]},
            namespace="/desk",
            to=_room(office_id),
        )


def _beat(office_id: int) -> None:
    """Each process tells its own screens, not through Redis: a dead Redis must not hide a loss."""
    office = db.session.get_one(Office, office_id)
    version, seq = board_version(office_id)
    beat = {
        "version": version,
        "seq": seq,
        "generated_at": office.local(clock.now()).isoformat(),
    }
    server = socketio.server
    assert server is not None  # noqa: S101 – set by install_live
    server.emit("heartbeat", beat, namespace="/board", to=_room(office_id), ignore_queue=True)


def _json(board: Any) -> dict[str, Any]:
    told: dict[str, Any] = board.as_json(words.board_sentence)
    return told
