"""Socket.IO: lets screens and desks in, and rings them after the commit. One thread emits.

The database is the truth and the socket a hint: a screen that missed a message notices by the
heartbeat's version and fetches the board.
"""

import logging
import threading
import time
from dataclasses import dataclass
from typing import Any

import socketio as python_socketio
from flask import Flask, has_request_context, request
from flask_socketio import ConnectionRefusedError as Refused
from flask_socketio import SocketIO, join_room
from sqlalchemy.exc import DBAPIError

from ruko import clock, words
from ruko.accounts import Role
from ruko.assistance import HelpAnswered, HelpAsked
from ruko.board import snapshot
from ruko.db import db, writing
from ruko.devices import Device, find_device, touch
from ruko.errors import RukoError
from ruko.events import listen
from ruko.offices import BoardChanged, Office, board_version, find_office
from ruko.web import current_device, signed_in
from ruko.web.gate import Gate

log = logging.getLogger(__name__)
socket_log = logging.getLogger("ruko.live.sockets")
socket_log.setLevel(logging.ERROR)  # the library tells of every packet otherwise

THREADS = 256
"""Of the embedded server; each socket holds one for life."""
MOST_CONNECTIONS = THREADS - 32
"""Whatever connects and never says what it wants, the pages keep their threads."""
MOST_SOCKETS = THREADS - 64
MOST_STRANGERS = MOST_SOCKETS - 64
"""Unpaired boards beyond this are refused and poll, so strangers never keep out a screen or desk."""
MERGE_SECONDS = 0.05
HEARTBEAT_SECONDS = 5
REREAD_SECONDS = 30
"""Changes made by time alone (break, close, expiry) raise no version; the board is re-read for them."""
TOUCH_SECONDS = 60  # how often the displays that are here are noted as seen


@dataclass(frozen=True, slots=True)
class Guest:
    """A socket of this process that was let in."""

    namespace: str
    office_id: int
    stranger: bool
    display: int | None = None


socketio = SocketIO()
_app: Flask | None = None
_thread: threading.Thread | None = None
_lock = threading.Condition()
guests: dict[str, Guest] = {}
_dirty: dict[int, set[str]] = {}
"""Offices that changed, with the codes of the bidang whose queue did."""
_help: list[HelpAsked | HelpAnswered] = []


def install_live(app: Flask, redis_url: str | None) -> None:
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
    app.wsgi_app = Gate(app.wsgi_app, MOST_CONNECTIONS)  # type: ignore[method-assign]


def _redis(url: str) -> python_socketio.RedisManager:
    timeouts = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5, "health_check_interval": 5}
    return python_socketio.RedisManager(url, channel="ruko", redis_options=timeouts)


# ── Letting in ────────────────────────────────────────────────────────────────────────────────


@socketio.on("connect", namespace="/board")
def _board_connects(auth: dict[str, Any] | None = None) -> None:
    office = find_office(request.args.get("office", ""))
    if office is None:
        raise Refused("unknown office")
    display = _paired_display(auth, office)
    _admit("/board", office.id, display)
    if display is not None:
        remember(display.id)
    join_room(room_of(office.id))
    send("board", _board(office), "/board", to=_sid(), here=True)


@socketio.on("connect", namespace="/desk")
def _desk_connects(_auth: dict[str, Any] | None = None) -> None:
    user = signed_in()
    if user is None or user.must_change_password or user.role == Role.VILLAGE:
        raise Refused("staff only")
    _admit("/desk", user.office_id)
    join_room(room_of(user.office_id))


@socketio.on("disconnect", namespace="/board")
@socketio.on("disconnect", namespace="/desk")
def _leaves(*_reason: Any) -> None:
    with _lock:
        guests.pop(_sid(), None)


@socketio.on_error_default
def _fails(error: Exception) -> bool:
    """Nobody is half let in: whoever is refused polls and tries again."""
    log.error("a socket could not be served", exc_info=error)
    _leaves()
    return False


def _paired_display(auth: dict[str, Any] | None, office: Office) -> Device | None:
    token = auth.get("token") if isinstance(auth, dict) else None
    device = find_device(token) if isinstance(token, str) else current_device()
    return device if device and device.serves(office, "display") else None


def _admit(namespace: str, office_id: int, display: Device | None = None) -> None:
    stranger = namespace == "/board" and display is None
    with _lock:
        strangers = sum(guest.stranger for guest in guests.values())
        if len(guests) >= MOST_SOCKETS or (stranger and strangers >= MOST_STRANGERS):
            raise Refused("full house, please poll")
        guests[_sid()] = Guest(namespace, office_id, stranger, display.id if display else None)
    _start_thread()


def remember(*displays: int) -> None:
    """Note when the displays were last heard of; a busy database must not keep them out."""
    try:
        db.session.rollback()  # what was read so far began as a reading transaction
        with writing():
            touch(*displays, now=clock.now())
            db.session.commit()
    except (RukoError, DBAPIError):
        db.session.rollback()
        log.warning("displays %s are here, but it could not be noted", displays)


def _sid() -> str:
    sid: str = request.sid  # type: ignore[attr-defined]  # Flask-SocketIO adds it
    return sid


# ── Ringing ───────────────────────────────────────────────────────────────────────────────────


@listen
def _ring(happened: object) -> None:
    """After a commit: mark the office; the thread reads and tells."""
    with _lock:
        match happened:
            case BoardChanged():
                _dirty.setdefault(happened.office_id, set()).update(happened.all_bidang)
            case HelpAsked() | HelpAnswered():
                _help.append(happened)
            case _:
                return
        _lock.notify()
    if has_request_context():  # a command has no screens; its change is seen by the heartbeat
        _start_thread()


def _start_thread() -> None:
    """Start the one emitter of a process that serves: by its first request, so after any fork."""
    global _thread  # noqa: PLW0603
    with _lock:
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_emit_forever, name="ruko-live", daemon=True)
            _thread.start()


def _emit_forever() -> None:
    told: dict[int, dict[str, Any]] = {}
    beat_at = clock.monotonic() + HEARTBEAT_SECONDS
    reread_at = clock.monotonic() + REREAD_SECONDS
    touch_at = 0.0
    while True:
        dirty, help_ = _changes(until=min(beat_at, reread_at))
        now = clock.monotonic()
        beat, reread = now >= beat_at, now >= reread_at
        if beat:
            beat_at = now + HEARTBEAT_SECONDS
        if reread:
            reread_at = now + REREAD_SECONDS
            forget_the_gone()
        with _lock:
            watched = {guest.office_id for guest in guests.values()}
            displays = {guest.display for guest in guests.values() if guest.display}
        try:
            with _current_app().app_context():
                for happened in help_:
                    tell_help(happened)
                heard = dirty.keys() if _shared() else dirty.keys() & watched
                for office_id in heard | (watched if reread else set()):
                    tell_board(office_id, dirty.get(office_id), told)
                for office_id in watched if beat else ():
                    tell_heartbeat(office_id)
                if displays and now >= touch_at:
                    touch_at = now + TOUCH_SECONDS
                    remember(*displays)
        except Exception:  # the missing heartbeat tells the screens, and they poll
            log.exception("the screens could not be told")


def _shared() -> bool:
    """Whether the screens of other processes are told by this one, too: through Redis."""
    return isinstance(_server().manager, python_socketio.RedisManager)


def _changes(*, until: float) -> tuple[dict[int, set[str]], list[HelpAsked | HelpAnswered]]:
    """What happened, at the latest when the time is up; a burst of one office becomes one change."""
    with _lock:
        if not _dirty and not _help:
            _lock.wait(max(0.0, until - clock.monotonic()))
        burst = bool(_dirty)
    if burst:
        time.sleep(MERGE_SECONDS)
    with _lock:
        dirty, help_ = dict(_dirty), list(_help)
        _dirty.clear()
        _help.clear()
    return dirty, help_


def tell_board(
    office_id: int, all_bidang: set[str] | None, told: dict[int, dict[str, Any]]
) -> None:
    """Emit the board: after a change to everybody, after a re-read to our own screens if it differs."""
    board = _board(db.session.get_one(Office, office_id))
    timeless = board | {"generated_at": None}
    if all_bidang is None and told.get(office_id) == timeless:
        return
    told[office_id] = timeless
    send("board", board, "/board", to=room_of(office_id), here=all_bidang is None)
    for code in sorted(all_bidang or ()):
        send("queue", {"bidang": code, "version": board["version"]}, "/desk", to=room_of(office_id))


def tell_help(happened: HelpAsked | HelpAnswered) -> None:
    """Ring the office's desks, or let them stop: a hint to look, without who or where."""
    state = "asked" if isinstance(happened, HelpAsked) else "answered"
    hint = {"request": happened.request_id, "state": state}
    send("help", hint, "/desk", to=room_of(happened.office_id))


def tell_heartbeat(office_id: int) -> None:
    """Each process tells its own screens, not through Redis: a dead Redis must not hide a loss."""
    office = db.session.get_one(Office, office_id)
    version, seq = board_version(office_id)
    moment = office.local(clock.now()).isoformat()
    beat = {"version": version, "seq": seq, "generated_at": moment}
    send("heartbeat", beat, "/board", to=room_of(office_id), here=True)


def forget_the_gone() -> None:
    """A socket that broke off while it was being let in is told nowhere; it would keep its seat."""
    server = _server()
    with _lock:
        for sid, guest in list(guests.items()):
            if server.get_environ(sid, namespace=guest.namespace) is None:
                del guests[sid]


def _board(office: Office) -> dict[str, Any]:
    return snapshot(office, now=clock.now()).as_json(words.board_sentence)


def room_of(office_id: int) -> str:
    return f"office:{office_id}"


def send(event: str, data: Any, namespace: str, *, to: str, here: bool = False) -> None:
    """Emit through Redis if there is one; with `here` to this process's own sockets only."""
    _server().emit(event, data, to=to, namespace=namespace, ignore_queue=here)


def _server() -> python_socketio.Server:
    if socketio.server is None:
        raise RuntimeError("install_live() comes first.")
    return socketio.server


def _current_app() -> Flask:
    if _app is None:
        raise RuntimeError("install_live() comes first.")
    return _app
