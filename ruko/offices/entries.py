"""The rules of what the board shows in its turn: sentences of the running text, and pictures."""

from collections.abc import Iterable
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from sqlalchemy import Date, Select, bindparam, func, select

from ruko.audit import Actor, trail
from ruko.db import db
from ruko.errors import N_, Invalid, NotFound
from ruko.offices.models import BoardEntry, Office
from ruko.offices.state import change_board

Entry = TypeVar("Entry", bound=BoardEntry)

LONGEST_TEXT = 200
GONE = N_("This is no longer there; somebody has removed it.")


class Standing(StrEnum):
    """How an entry stands on a day."""

    SHOWN = "shown"
    WAITING = "waiting"
    """Its day has come, but as many as fit stand before it."""
    AHEAD = "ahead"
    OVER = "over"


def entries_on(kind: type[BoardEntry], *columns: Any) -> Select[Any]:
    """The query of what the board shows on `b_day` in `b_office`, in order."""
    day = bindparam("b_day", type_=Date())
    return (
        select(*columns)
        .where(
            kind.office_id == bindparam("b_office"),
            func.coalesce(kind.starts_on, day) <= day,
            func.coalesce(kind.ends_on, day) >= day,
        )
        .order_by(kind.position, kind.id)
        .limit(kind.most_at_once)
    )


def all_entries(kind: type[Entry], office: Office) -> list[Entry]:
    """All of them in their order, whatever their days."""
    return list(db.session.scalars(_in_order(kind, office.id)))


def get_entry(kind: type[Entry], office: Office, entry_id: int) -> Entry:
    """The office's entry of that number; raises `NotFound`."""
    entry = next((e for e in all_entries(kind, office) if e.id == entry_id), None)
    if entry is None:
        raise NotFound(GONE)
    return entry


def standings(entries: Iterable[Entry], day: date) -> list[tuple[Entry, Standing]]:
    """Each of the entries with how it stands on that day."""
    found, shown = [], 0
    for entry in entries:
        if entry.starts_on and entry.starts_on > day:
            standing = Standing.AHEAD
        elif entry.ends_on and entry.ends_on < day:
            standing = Standing.OVER
        elif shown == entry.most_at_once:
            standing = Standing.WAITING
        else:
            standing = Standing.SHOWN
            shown += 1
        found.append((entry, standing))
    return found


def check_entry(
    kind: type[BoardEntry], text: str, starts_on: date | None, ends_on: date | None
) -> str:
    """The text on one line; raises `Invalid` when it or the days will not do."""
    text = " ".join(text.split())
    if not kind.shortest <= len(text) <= LONGEST_TEXT:
        raise Invalid(
            "text",
            N_("Please write %(least)d to %(most)d characters."),
            least=kind.shortest,
            most=LONGEST_TEXT,
        )
    if starts_on and ends_on and ends_on < starts_on:
        raise Invalid("ends_on", N_("The last day comes before the first. Please change one."))
    return text


def add_entry(entry: Entry, *, by: Actor, now: datetime) -> Entry:
    """Put it behind the others; raises `Invalid` for its text or its days."""
    entry.text = check_entry(type(entry), entry.text, entry.starts_on, entry.ends_on)
    last = db.session.scalar(
        select(func.max(type(entry).position)).filter_by(office_id=entry.office_id)
    )
    entry.position = 0 if last is None else last + 1
    db.session.add(entry)
    db.session.flush()
    _done(entry, "add", by=by, now=now)
    return entry


def change_entry(
    entry: BoardEntry,
    text: str,
    starts_on: date | None,
    ends_on: date | None,
    *,
    by: Actor,
    now: datetime,
) -> None:
    """Say it otherwise, or on other days; raises `Invalid`, or `NotFound` once it is removed."""
    _hold(entry)
    before = (entry.text, entry.starts_on, entry.ends_on)
    after = (check_entry(type(entry), text, starts_on, ends_on), starts_on, ends_on)
    if after != before:
        entry.text, entry.starts_on, entry.ends_on = after
        _done(entry, "change", by=by, now=now)


def move_entry(entry: BoardEntry, steps: int, *, by: Actor, now: datetime) -> None:
    """Let it stand so many places later, or earlier, at most last or first; raises `NotFound`."""
    order = _hold(entry, beside=True)
    here = order.index(entry)
    there = min(max(here + steps, 0), len(order) - 1)
    if there == here:
        return
    order.insert(there, order.pop(here))
    for position, each in enumerate(order):
        each.position = position
    _done(entry, "move", by=by, now=now)


def remove_entry(entry: BoardEntry, *, by: Actor, now: datetime) -> None:
    """Take it from the board for good; the trail keeps what it said. Raises `NotFound`."""
    _hold(entry)
    db.session.delete(entry)
    _done(entry, "remove", by=by, now=now)


def _in_order(kind: type[Entry], office_id: int) -> Select[Entry]:
    return select(kind).filter_by(office_id=office_id).order_by(kind.position, kind.id)


def _hold(entry: Entry, *, beside: bool = False) -> list[Entry]:
    """Let nobody else change it meanwhile, nor those `beside` it; raises `NotFound`."""
    rows = _in_order(type(entry), entry.office_id)
    if not beside:
        rows = rows.filter_by(id=entry.id)
    rows = rows.with_for_update().execution_options(populate_existing=True)
    held = list(db.session.scalars(rows))
    if entry not in held:
        raise NotFound(GONE)
    return held


def _done(entry: BoardEntry, action: str, *, by: Actor, now: datetime) -> None:
    trail(
        entry.subject,
        entry.id,
        action,
        office_id=entry.office_id,
        by=by,
        now=now,
        text=entry.text,
        starts_on=entry.starts_on.isoformat() if entry.starts_on else None,
        ends_on=entry.ends_on.isoformat() if entry.ends_on else None,
        position=entry.position,
    )
    db.session.flush()
    change_board(entry.office_id)
