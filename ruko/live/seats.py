"""The seats: which sockets of this process were let in, and how many may be."""

import logging
import threading
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import DBAPIError

from ruko import clock
from ruko.db import db, writing
from ruko.devices import touch
from ruko.errors import RukoError
from ruko.live.wires import gate, server
from ruko.web.gate import SERVED_BY, hang_up

log = logging.getLogger(__name__)

THREADS = 256
"""Of the embedded server; each socket holds one for life."""
MOST_LONG_POLLS = 16
MOST_CONNECTIONS = THREADS - MOST_LONG_POLLS - 32
"""Whatever connects and never says what it wants, the pages keep their threads."""
MOST_SOCKETS = THREADS - 64
MOST_STRANGERS = MOST_SOCKETS - 64
"""Unpaired boards beyond this are refused and poll, so strangers never keep out a screen or desk."""
STANDING_SECONDS = 5
"""Who is connected for so long and has no seat makes room; else the silent would fill the house."""
FAREWELL_SECONDS = 1
"""Who was refused leaves by itself in that time, or is hung up on."""


@dataclass(frozen=True, slots=True)
class Guest:
    """A socket of this process that was let in."""

    namespace: str
    office_id: int
    stranger: bool
    display: int | None = None


guests: dict[str, Guest] = {}
_lock = threading.Lock()


def admit(sid: str, guest: Guest) -> bool:
    """Give the socket a seat, unless the house is full."""
    with _lock:
        strangers = sum(each.stranger for each in guests.values())
        if len(guests) >= MOST_SOCKETS or (guest.stranger and strangers >= MOST_STRANGERS):
            return False
        guests[sid] = guest
        return True


def leave(sid: str) -> None:
    """Free the socket's seat, if it had one."""
    with _lock:
        guests.pop(sid, None)


def everybody() -> list[Guest]:
    """Who is here now."""
    with _lock:
        return list(guests.values())


def forget_the_gone() -> None:
    """A socket that broke off while it was being let in is told nowhere; it would keep its seat."""
    with _lock:
        for sid, guest in list(guests.items()):
            if server().get_environ(sid, namespace=guest.namespace) is None:
                del guests[sid]


def clear_the_hall() -> None:
    """Hang up on those who stand about: the silent, the refused who stay, those who left their seat."""
    gate().send_out(_seated(), after=STANDING_SECONDS)


def see_out(line: Any) -> None:
    """Hang up on a refused one, once it was told why; unless it sits elsewhere in the house."""
    server().sleep(FAREWELL_SECONDS)
    if line not in _seated():
        hang_up(line)


def _seated() -> set[object]:
    """The connections of those who have a seat, and the library's own names for them."""
    seated: set[object] = set()
    with _lock:
        for sid, guest in guests.items():
            environ = server().get_environ(sid, namespace=guest.namespace) or {}
            seated.add(environ.get(SERVED_BY))
            seated.add(server().manager.eio_sid_from_sid(sid, guest.namespace))
    return seated


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
