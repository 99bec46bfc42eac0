"""Ringing: after a commit the one emitter thread tells the screens and desks; and it keeps the beat."""

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from flask import has_request_context

from ruko import clock, words
from ruko.assistance import HelpAnswered, HelpAsked
from ruko.board import recent
from ruko.db import db
from ruko.displays import DisplayChanged, settings_of
from ruko.events import listen
from ruko.live.relay import Happened
from ruko.live.seats import clear_the_hall, everybody, forget_the_gone, remember
from ruko.live.wires import current_app, relay, room_of, room_of_display, send
from ruko.offices import BoardChanged, Office, all_bidang, board_version
from ruko.receipts import CallAnnounced
from ruko.voice import VoiceChanged
from ruko.web import page_edition

log = logging.getLogger(__name__)

MERGE_SECONDS = 0.05
"""A lone change is told at once; those that follow it within this time become one message."""
HEARTBEAT_SECONDS = 5
REST_SECONDS = 1
REREAD_SECONDS = 30
"""Changes made by time alone (break, close, expiry) raise no version; the board is re-read for them."""
TOUCH_SECONDS = 60  # how often the displays that are here are noted as seen

Hint = HelpAsked | HelpAnswered | CallAnnounced | DisplayChanged | VoiceChanged

_thread: threading.Thread | None = None
_lock = threading.Condition()
_dirty: dict[int, set[str]] = {}
"""Offices that changed, with the codes of the bidang whose queue did."""
_hints: list[Hint] = []


@listen
def _ring(happened: object) -> None:
    """After a commit: mark the office, here and in the other processes."""
    if not isinstance(happened, Happened):
        return
    mark(happened)
    if others := relay():
        others.tell(happened)
    if has_request_context():  # a command has no screens; its change is seen by the heartbeat
        start_thread()


def mark(*all_happened: Happened) -> None:
    """Let the thread read and tell it to the screens of this process."""
    with _lock:
        for happened in all_happened:
            if isinstance(happened, BoardChanged):
                _dirty.setdefault(happened.office_id, set()).update(happened.all_bidang)
            else:
                _hints.append(happened)
        _lock.notify()


def look_again() -> None:
    """The other processes were not heard for a while: have each screen look at what has no version."""
    guests = everybody()
    mark(*(DisplayChanged(guest.office_id, guest.display) for guest in guests if guest.display))
    mark(*(VoiceChanged(office_id) for office_id in {guest.office_id for guest in guests}))


def start_thread() -> None:
    """Start the one emitter of a process that serves: by its first request, so after any fork."""
    global _thread  # noqa: PLW0603
    with _lock:
        if _thread is None or not _thread.is_alive():
            _thread = threading.Thread(target=_emit_forever, name="ruko-live", daemon=True)
            _thread.start()
            if others := relay():
                others.start(mark, look_again)


def _emit_forever() -> None:
    rounds = _Rounds()
    while True:
        dirty, hints = _changes(until=rounds.next_at, not_before=rounds.merged_until)
        try:
            with current_app().app_context():
                rounds.go(dirty, hints, now=clock.monotonic())
        except Exception:  # nothing ends this thread
            log.exception("the screens could not be told")
            time.sleep(REST_SECONDS)  # what fails at once would fail all the time


class _Rounds:
    """What the thread does each time it wakes up, and when it wakes up by itself."""

    def __init__(self) -> None:
        self._told: dict[int, dict[str, Any]] = {}
        self._beat_at = clock.monotonic() + HEARTBEAT_SECONDS
        self._reread_at = clock.monotonic() + REREAD_SECONDS
        self._touch_at = 0.0
        self.merged_until = 0.0

    @property
    def next_at(self) -> float:
        return min(self._beat_at, self._reread_at)

    def go(self, dirty: dict[int, set[str]], hints: list[Hint], *, now: float) -> None:
        if dirty:
            self.merged_until = now + MERGE_SECONDS
        beat, reread = now >= self._beat_at, now >= self._reread_at
        if beat:
            self._beat_at = now + HEARTBEAT_SECONDS
            _safely(clear_the_hall)
        if reread:
            self._reread_at = now + REREAD_SECONDS
            _safely(forget_the_gone)
        guests = everybody()
        watched = {guest.office_id for guest in guests}
        for office_id in watched if reread else watched & dirty.keys():
            _safely(tell_board, office_id, dirty.get(office_id), self._told)
        for happened in hints:
            _safely(tell_hint, happened)
        for office_id in watched if beat else ():
            _safely(tell_heartbeat, office_id, self._told)
        displays = {guest.display for guest in guests if guest.display}
        if displays and now >= self._touch_at:
            self._touch_at = now + TOUCH_SECONDS
            _safely(remember, *displays)


def _safely(step: Callable[..., None], *what: Any) -> None:
    """One fault keeps nobody else waiting: a missing heartbeat tells its screens, and they poll."""
    try:
        step(*what)
    except Exception:  # whatever it was: without this thread every screen of the house goes stale
        db.session.rollback()
        log.exception("the screens could not be told")


def _changes(*, until: float, not_before: float) -> tuple[dict[int, set[str]], list[Hint]]:
    """What happened, at the latest when the time is up; a burst of one office becomes one change."""
    with _lock:
        if not _dirty and not _hints:
            _lock.wait(max(0.0, until - clock.monotonic()))
        soon = not_before - clock.monotonic() if _dirty else 0.0
    if soon > 0:
        time.sleep(soon)
    with _lock:
        dirty, hints = dict(_dirty), list(_hints)
        _dirty.clear()
        _hints.clear()
    return dirty, hints


def tell_board(
    office_id: int, all_bidang: set[str] | None, told: dict[int, dict[str, Any]]
) -> None:
    """Emit the board after a change; after a re-read if it differs."""
    office = db.session.get_one(Office, office_id)
    board = board_now(office)
    timeless = board | {"generated_at": None}
    if all_bidang is None and told.get(office_id) == timeless:
        return
    told[office_id] = timeless
    send("board", board, "/board", to=room_of(office_id))
    for code in sorted(all_bidang or ()):
        _tell_desks(office_id, code, board["version"])


def _tell_desks(office_id: int, bidang: str, version: int) -> None:
    hint = {"bidang": bidang, "version": version}
    send("queue", hint, "/desk", to=room_of(office_id))


def tell_hint(happened: Hint) -> None:
    """Tell those whom it concerns to look."""
    match happened:
        case HelpAsked() | HelpAnswered():  # without who or where
            state = "asked" if isinstance(happened, HelpAsked) else "answered"
            hint = {"request": happened.request_id, "state": state}
            send("help", hint, "/desk", to=room_of(happened.office_id))
        case CallAnnounced():
            version, _seq = board_version(happened.office_id)
            _tell_desks(happened.office_id, happened.bidang, version)
        case DisplayChanged():
            settings = settings_now(happened.device_id)
            send("settings", settings, "/board", to=room_of_display(happened.device_id))
        case VoiceChanged():
            send("voice", {}, "/board", to=room_of(happened.office_id))


def tell_heartbeat(office_id: int, told: dict[int, dict[str, Any]]) -> None:
    """Tell the version; and the board, if a command changed it, or a process whose word was lost."""
    office = db.session.get_one(Office, office_id)
    version, seq = board_version(office_id)
    if office_id in told and told[office_id]["version"] != version:
        tell_board(office_id, {bidang.code for bidang in all_bidang(office)}, told)
    moment = office.local(clock.now()).isoformat()
    beat = {"version": version, "seq": seq, "generated_at": moment}
    send("heartbeat", beat, "/board", to=room_of(office_id))


def board_now(office: Office) -> dict[str, Any]:
    """The board, read once for all who ask at once: after an outage every screen comes back."""
    return recent(office, now=clock.now()).as_json(words.board_sentence)


def settings_now(device_id: int) -> dict[str, Any]:
    """What one display shows, how it sounds, and which edition of the page is served."""
    settings = settings_of(device_id)[device_id].as_json()
    return settings | {"page": page_edition()}
