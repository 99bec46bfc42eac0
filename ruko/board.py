"""The waiting-room board as one snapshot: a query, no state of its own."""

import json
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import bindparam, exists, func, select
from sqlalchemy.orm import aliased

from ruko import bookings, voice
from ruko.db import UTCDateTime, db
from ruko.errors import Closed
from ruko.offices import (
    Bidang,
    Counter,
    Office,
    Opening,
    Village,
    all_bidang,
    announcements_on,
    board_version,
    full_name,
    opening,
)
from ruko.slides import slides_on
from ruko.tickets import (
    AT_COUNTER,
    LATEST_FIRST,
    Call,
    State,
    Ticket,
    Turn,
    breaks_now,
    estimate,
    full_bidang,
    state_in,
    ticket_code,
)

MOST_CALLS = 24
"""Open calls told at once, the newest ones; it takes more counters than that to call one more."""
MOST_BYTES = 15 * 1024
"""Of the board's content in JSON; its message and the frame around it come on top, to 16 KB."""
MOST_AGENDA = 8
STALE_AFTER = timedelta(seconds=1)
MOST_KEPT = 256
"""Offices whose board is kept for that second."""

_CALLS = (
    select(
        Call.seq,
        Call.turn_id,
        Call.counter_id,
        Call.place,
        Call.kind,
        Call.called_at,
        Call.expires_at,
        Turn.state,
        Ticket.letter,
        Ticket.number,
        Bidang.code.label("bidang"),
        Bidang.name.label("bidang_name"),
        Village.code.label("village"),
        Village.name.label("village_name"),
        Village.kind.label("village_kind"),
    )
    .join(Turn, Turn.id == Call.turn_id)
    .join(Ticket, Ticket.id == Turn.ticket_id)
    .join(Bidang, Bidang.id == Turn.bidang_id)
    .outerjoin(Village, Village.id == Ticket.village_id)
    .where(
        Call.office_id == bindparam("b_office"),
        Call.called_at >= bindparam("b_morning"),  # by index: history is never looked through
        Call.withdrawn_at.is_(None),
        Turn.day == bindparam("b_day"),
    )
)
_newer = aliased(Call)
_OPEN_CALLS = (
    _CALLS.where(
        state_in(State.CALLED),
        Call.expires_at > bindparam("b_now", type_=UTCDateTime()),
        ~exists().where(  # a turn's newest call is the one to hear
            _newer.turn_id == Call.turn_id,
            _newer.seq > Call.seq,
            _newer.withdrawn_at.is_(None),
        ),
    )
    .order_by(Call.seq.desc())
    .limit(MOST_CALLS)
)
_LAST_CALL = _CALLS.order_by(Call.seq.desc()).limit(1)
_LAST_CALL_OF_SOME = _LAST_CALL.where(Bidang.code.in_(bindparam("b_codes", expanding=True)))
_SERVING = (
    select(Turn.bidang_id, Turn.state, Ticket.letter, Ticket.number, Counter.name)
    .join(Ticket, Ticket.id == Turn.ticket_id)
    .join(Counter, Counter.id == Turn.counter_id)
    .where(
        Counter.office_id == bindparam("b_office"),  # by place: the day's tickets may be many
        Turn.day == bindparam("b_day"),
        state_in(*AT_COUNTER),
    )
    .order_by(LATEST_FIRST, Turn.id.desc())
)
_WAITING = (
    select(Turn.bidang_id, func.count())
    .join(Bidang, Bidang.id == Turn.bidang_id)
    .where(
        Bidang.office_id == bindparam("b_office"),
        Turn.day == bindparam("b_day"),
        state_in(State.WAITING),
    )
    .group_by(Turn.bidang_id)
)


@dataclass(frozen=True, slots=True)
class Board:
    """What the waiting room may see at one moment; ready for JSON but for its sentence."""

    office_id: int
    version: int
    content: dict[str, Any]
    message: Closed | None
    """Why the office is closed, or why no more numbers are given."""

    def as_json(self, say: Callable[[Closed], str]) -> dict[str, Any]:
        """The board as screens and programs read it; `say` puts the closed message into words."""
        return self.content | {"message": say(self.message) if self.message else None}


_recent: OrderedDict[int, tuple[Board, datetime]] = OrderedDict()
_lock = threading.Lock()


def recent(office: Office, *, now: datetime) -> Board:
    """The board, or one of the same version that was read within the last second.

    For the many who ask without a line of their own. To be asked outside of a writing transaction:
    what is read inside of one may be rolled back, and its version given to something else.
    """
    version, _seq = board_version(office.id)
    with _lock:
        kept = _recent.get(office.id)
    if kept and kept[0].version == version and timedelta() <= now - kept[1] < STALE_AFTER:
        return kept[0]
    board = snapshot(office, now=now)
    with _lock:
        _recent[office.id] = board, now
        _recent.move_to_end(office.id)
        if len(_recent) > MOST_KEPT:
            _recent.popitem(last=False)
    return board


def forget_recent() -> None:
    """Read every board anew: the database is another one."""
    with _lock:
        _recent.clear()


def snapshot(office: Office, *, now: datetime) -> Board:
    """Read the board. Its version is read first: a change meanwhile can only make it newer."""
    version, seq = board_version(office.id)
    hours = opening(office, now)
    why = hours.reason.values if hours.reason else {}
    today = office.day(now)
    where = _of_today(office, now)
    connection = db.session.connection()
    heard = connection.execute(_OPEN_CALLS, where | {"b_now": now}).all()
    newest = connection.execute(_LAST_CALL, where).first()
    content = {
        "office": office.slug,
        "version": version,
        "seq": seq,
        "generated_at": office.local(now).isoformat(),
        "state": hours.state,
        "opens_at": _moment(office, hours.opens_at),
        "holiday": why.get("holiday"),
        "closure": why.get("reason"),
        "calls": [_call(office, row) for row in reversed(heard)],
        "last_call": _call(office, newest) if newest else None,
        "bidang": _all_bidang(office, hours, now),
        "agenda": _agenda(office, now),
        "announcements": announcements_on(office, today),
        "slides": slides_on(office, today),
    }
    _fit(content)
    return Board(office.id, version, content, hours.reason)


def last_call_of(office: Office, codes: Collection[str], *, now: datetime) -> dict[str, Any] | None:
    """The day's newest call of those bidang, for a screen that shows them alone."""
    where = _of_today(office, now) | {"b_codes": list(codes)}
    newest = db.session.connection().execute(_LAST_CALL_OF_SOME, where).first()
    return _call(office, newest) if newest else None


def _of_today(office: Office, now: datetime) -> dict[str, Any]:
    today = office.day(now)
    return {"b_office": office.id, "b_day": today, "b_morning": office.at(today, time.min)}


def _fit(content: dict[str, Any]) -> None:
    """Leave out the last of what can be missed best, until a screen may be told the whole of it.

    Of the calls those that were made first go, for they have been heard the longest.
    """
    for name in ("slides", "agenda", "announcements", "calls"):
        while content[name] and len(json.dumps(content, separators=(",", ":"))) > MOST_BYTES:
            content[name] = content[name][1:] if name == "calls" else content[name][:-1]


def _all_bidang(office: Office, hours: Opening, now: datetime) -> list[dict[str, Any]]:
    today = office.day(now)
    where = {"b_office": office.id, "b_day": today}
    serving: dict[int, list[dict[str, str]]] = {}
    connection = db.session.connection()
    for row in connection.execute(_SERVING, where):
        serving.setdefault(row.bidang_id, []).append(
            {"ticket": ticket_code(row.letter, row.number), "place": row.name, "state": row.state}
        )
    breaks: dict[int, list[dict[str, str | None]]] = {}
    for rest in breaks_now(office, now=now):
        breaks.setdefault(rest.bidang_id, []).append(
            {"place": rest.place, "back_at": _moment(office, rest.back_at)}
        )
    everyone = all_bidang(office)
    limited = any(bidang.daily_capacity is not None for bidang in everyone)
    full = full_bidang(office, now=now) if limited else set()
    waiting = {row[0]: row[1] for row in connection.execute(_WAITING, where)}
    return [
        {
            "code": bidang.code,
            "name": bidang.name,
            "short_name": bidang.short_name,
            "letter": bidang.letter,
            "open": hours.state == "open",
            "full": bidang.id in full,
            "serving": serving.get(bidang.id, []),
            "breaks": breaks.get(bidang.id, []),
            "waiting": waiting.get(bidang.id, 0),
            "estimate_minutes": estimate(
                bidang.id,
                waiting.get(bidang.id, 0),
                day=today,
                now=now,
                desks=len(serving.get(bidang.id, ())),
            ),
        }
        for bidang in everyone
    ]


def _call(office: Office, row: Any) -> dict[str, Any]:
    code = ticket_code(row.letter, row.number)
    return {
        "seq": row.seq,
        "ticket": code,
        "bidang": row.bidang,
        "bidang_name": row.bidang_name,
        "place": row.place,
        "village": row.village,
        "village_name": full_name(row.village_kind, row.village_name) if row.village else None,
        "kind": row.kind,
        "called_at": _moment(office, row.called_at),
        "expires_at": _moment(office, row.expires_at),
        "speech": voice.clips(code, row.kind, row.counter_id, row.bidang),
    }


def _agenda(office: Office, now: datetime) -> list[dict[str, Any]]:
    agenda = bookings.agenda(office, office.day(now), now=now)
    entries = [e for e in agenda if e.ends_at > now]
    return [
        {
            "room": e.room_id,
            "room_name": e.room,
            "starts_at": _moment(office, e.starts_at),
            "ends_at": _moment(office, e.ends_at),
            "village": e.village_code,
            "village_name": e.village,
            "bidang": e.bidang,
            "state": e.state,
        }
        for e in entries[:MOST_AGENDA]
    ]


def _moment(office: Office, moment: datetime | None) -> str | None:
    """To the second, as the API says it elsewhere."""
    return office.local(moment).isoformat(timespec="seconds") if moment else None
