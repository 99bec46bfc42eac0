"""The doors of the sockets: screens of the board and desks, and the one thing that a display says."""

import logging
from typing import Any, NoReturn

from flask import request
from flask_socketio import ConnectionRefusedError as Refused
from flask_socketio import join_room
from sqlalchemy.exc import DBAPIError

from ruko import clock
from ruko.accounts import Role, User
from ruko.announced import read_announced
from ruko.db import db, writing
from ruko.devices import Device, find_bearer, find_device
from ruko.errors import RukoError
from ruko.live.ringing import board_now, settings_now, start_thread
from ruko.live.seats import Guest, admit, guests, leave, remember, see_out
from ruko.live.wires import room_of, room_of_display, send, server, socketio
from ruko.offices import Office, find_office
from ruko.receipts import note_announced
from ruko.web import current_device, signed_in
from ruko.web.gate import SERVED_BY, is_socket

log = logging.getLogger(__name__)


@socketio.on("connect", namespace="/board")
def _board_connects(auth: dict[str, Any] | None = None) -> None:
    office = find_office(request.args.get("office", ""))
    if office is None:
        _refuse("unknown office")
    display = _paired_display(auth, office)
    display_id = display.id if display else None
    _let_in(Guest("/board", office.id, stranger=display is None, display=display_id))
    if display_id is not None:
        remember(display_id)
        join_room(room_of_display(display_id))
        send("settings", settings_now(display_id), "/board", to=_sid())
    join_room(room_of(office.id))
    send("board", board_now(office), "/board", to=_sid())


@socketio.on("connect", namespace="/desk")
def _desk_connects(auth: dict[str, Any] | None = None) -> None:
    user = _account(auth)
    if user is None or user.role == Role.VILLAGE:
        _refuse("staff only")
    _let_in(Guest("/desk", user.office_id, stranger=False))
    join_room(room_of(user.office_id))


@socketio.on("announced", namespace="/board")
def _announced(*words: Any) -> None:
    """A paired display shows a call, or has spoken it to the end: its receipt. Answered by nothing."""
    guest, told = guests.get(_sid()), read_announced(words[0]) if words else None
    if guest is None or guest.display is None or told is None:
        return
    seq, spoken = told
    try:
        with writing():
            note_announced(guest.office_id, guest.display, seq, spoken=spoken, now=clock.now())
            db.session.commit()
    except (RukoError, DBAPIError):  # the display says it again when it reconnects
        db.session.rollback()
        log.warning("the receipt of call %d by display %d could not be kept", seq, guest.display)


@socketio.on("disconnect", namespace="/board")
@socketio.on("disconnect", namespace="/desk")
def _leaves(*_reason: Any) -> None:
    leave(_sid())


@socketio.on_error_default
def _fails(error: Exception) -> bool:
    """Nobody is half let in: whoever is refused polls and tries again."""
    log.error("a socket could not be served", exc_info=error)
    leave(_sid())
    return False


def _let_in(guest: Guest) -> None:
    if not admit(_sid(), guest):
        _refuse("full house, please poll")
    start_thread()


def _refuse(why: str) -> NoReturn:
    """The library leaves a refused socket connected; soon it is hung up on."""
    if is_socket(request.environ):
        server().start_background_task(see_out, request.environ.get(SERVED_BY))
    raise Refused(why)


def _paired_display(auth: dict[str, Any] | None, office: Office) -> Device | None:
    token = _token(auth)
    device = find_device(token) if token is not None else current_device()
    return device if device and device.serves(office, "display") else None


def _account(auth: dict[str, Any] | None) -> User | None:
    """Whose bearer token a program shows, as a display does or in its header; else who is signed in."""
    header = request.authorization
    token = _token(auth) or (header.token if header and header.type == "bearer" else None)
    if token is None:
        user = signed_in()
        return None if user is None or user.must_change_password else user
    bearer = find_bearer(token)
    return bearer if isinstance(bearer, User) else None


def _token(auth: dict[str, Any] | None) -> str | None:
    token = auth.get("token") if isinstance(auth, dict) else None
    return token if isinstance(token, str) else None


def _sid() -> str:
    sid: str = request.sid  # type: ignore[attr-defined]  # Flask-SocketIO adds it
    return sid
