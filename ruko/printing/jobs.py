"""One job per slip: queued with the number, claimed once, and told to the staff when it fails.

Nothing here waits for a printer: a slip goes onto paper between two transactions.
A slip that may be on paper already is never printed again by itself.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    exists,
    func,
    literal,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, aliased

from ruko.audit import Actor, trail
from ruko.db import db, per_engine, upsert
from ruko.devices import Device
from ruko.errors import N_, Invalid, NotFound, TooLate
from ruko.events import record
from ruko.offices import Office
from ruko.printing.models import JobState, Printer, PrintJob
from ruko.printing.printers import all_printers, note_state
from ruko.tickets import State, Ticket, Turn, ticket_code
from ruko.tickets.models import IN_THE_QUEUE

YOUNG = timedelta(minutes=2)
"""A slip that comes later helps nobody: its number may have been called."""
LONGEST_PRINT = timedelta(seconds=30)
"""What is printing for longer belongs to a program that was stopped, or hangs at its printer."""
SOON = timedelta(seconds=15)
"""What waits longer without a reason is told to the staff, too."""
SHOWN = 50

NOT_IN_TIME = N_("It was not printed within two minutes.")
UNKNOWN = N_("The program stopped while printing: the slip may have been printed.")
REPLACED = N_("It was printed again instead.")
UNDER_WAY = (JobState.QUEUED, JobState.PRINTING)

_jobs = PrintJob.__table__
_first_slip = {
    _jobs.c.printer_id: Printer.id,
    _jobs.c.ticket_id: Ticket.id,
    _jobs.c.copy: literal(1),
    _jobs.c.url: bindparam("b_url", type_=_jobs.c.url.type),
    _jobs.c.state: literal(JobState.QUEUED.value),
    _jobs.c.tries: literal(0),
    _jobs.c.created_at: bindparam("b_now", type_=_jobs.c.created_at.type),
    _jobs.c.changed_at: bindparam("b_now", type_=_jobs.c.changed_at.type),
}
_beside = per_engine(
    lambda insert: (
        insert(_jobs)
        .from_select(
            list(_first_slip),
            select(*_first_slip.values())
            .select_from(Printer)
            .join(Ticket, Ticket.token == bindparam("b_token"))
            .where(Printer.device_id == bindparam("b_kiosk"), Printer.removed_at.is_(None)),
        )
        .on_conflict_do_nothing(index_elements=["ticket_id", "copy"])
        .returning(_jobs.c.printer_id)
    )
)


@dataclass(frozen=True, slots=True)
class SlipQueued:
    """A slip waits for its printer."""

    printer_id: int


@dataclass(frozen=True, slots=True)
class JobView:
    """A slip as the staff see it; `error` is a message id."""

    id: int
    token: str
    code: str
    copy: int
    printer: str
    state: JobState
    error: str | None
    created_at: datetime
    seconds: int
    """Since it was asked for."""


def queue_slip(token: str, printer: Printer | None, *, url: str, now: datetime) -> None:
    """Have a new ticket's slip printed, `url` in its QR; belongs to the transaction that issues.

    Its first slip is queued once, however often this is said. Without a printer there is none.
    """
    if printer is not None:
        ticket_id = db.session.scalars(select(Ticket.id).filter_by(token=token)).one()
        _queue(ticket_id, 1, printer, url=url, now=now)


def queue_beside(token: str, kiosk: Device, *, url: str, now: datetime) -> None:
    """Like `queue_slip`, at the printer beside that kiosk where there is one: one statement, none read."""
    slip = {"b_token": token, "b_kiosk": kiosk.id, "b_url": url, "b_now": now}
    printer_id = db.session.connection().execute(_beside(), slip).scalar()
    if printer_id is not None:
        record(SlipQueued(printer_id))


def reprint(
    office: Office,
    token: str,
    printer: Printer | None = None,
    *,
    url: str,
    by: Actor,
    now: datetime,
) -> None:
    """Print a number of today again, at `printer`, else where it was printed, else the only one.

    A copy that still waits for a printer is not printed besides.
    Raises `NotFound`, `TooLate`, or `Invalid` when the printer must be named.
    """
    ticket = db.session.scalar(
        select(Ticket).filter_by(token=token, office_id=office.id).with_for_update()
    )
    if ticket is None:
        raise NotFound(N_("This number is not known in this office."))
    if ticket.day != office.day(now):
        raise TooLate(N_("This number was of another day; it is not printed again."))
    if not db.session.scalar(select(_goes_on(ticket.id))):
        raise TooLate(N_("This visit has ended; its number is not printed again."))
    latest = find_job(ticket.id)
    printer = printer or _printer_for(office, latest)
    db.session.execute(
        update(PrintJob)
        .filter_by(ticket_id=ticket.id, state=JobState.QUEUED)
        .values(state=JobState.FAILED, error=REPLACED, changed_at=now)
    )
    copy = latest.copy + 1 if latest else 1
    _queue(ticket.id, copy, printer, url=url, now=now)
    trail(
        "ticket",
        ticket.id,
        "reprint",
        office_id=office.id,
        by=by,
        now=now,
        copy=copy,
        printer=printer.name,
    )


def _printer_for(office: Office, latest: PrintJob | None) -> Printer:
    printers = all_printers(office)
    for printer in printers:
        if len(printers) == 1 or (latest and latest.printer_id == printer.id):
            return printer
    raise Invalid(
        "printer",
        N_("Please choose a printer.") if printers else N_("This office has no printer."),
    )


def _queue(ticket_id: int, copy: int, printer: Printer, *, url: str, now: datetime) -> None:
    queued = db.session.execute(
        upsert(_jobs)
        .values(
            printer_id=printer.id,
            ticket_id=ticket_id,
            copy=copy,
            url=url,
            state=JobState.QUEUED.value,
            tries=0,
            created_at=now,
            changed_at=now,
        )
        .on_conflict_do_nothing(index_elements=["ticket_id", "copy"])
        .returning(_jobs.c.id)
    ).scalar()
    if queued is not None:
        record(SlipQueued(printer.id))


# ── Onto paper: claimed, then printed or failed ───────────────────────────────────────────────


def claim(printer_id: int, *, now: datetime) -> int | None:
    """Take the printer's next slip, alone; None when there is none, or one is being printed."""
    other = aliased(PrintJob)
    following = (
        select(func.min(PrintJob.id))
        .filter_by(printer_id=printer_id, state=JobState.QUEUED)
        .where(not_(_older(PrintJob.created_at, YOUNG, now)), _goes_on(PrintJob.ticket_id))
        .scalar_subquery()
    )
    busy = exists().where(other.printer_id == printer_id, other.state == JobState.PRINTING)
    return db.session.scalar(
        update(PrintJob)
        .where(PrintJob.id == following, PrintJob.state == JobState.QUEUED, not_(busy))
        .values(state=JobState.PRINTING, tries=PrintJob.tries + 1, changed_at=now)
        .returning(PrintJob.id)
    )


def mark_printed(job_id: int, *, now: datetime) -> bool:
    """The slip is on paper; False when it was given up meanwhile."""
    printer_id = _leave_printing(job_id, JobState.PRINTED, None, now=now)
    if printer_id:
        note_state(printer_id, None, seen=True, now=now)
    return printer_id is not None


def mark_failed(job_id: int, error: str, *, again: bool = False, now: datetime) -> bool:
    """The slip is not, or perhaps not, on paper; with `again` it is tried while it is young."""
    state = JobState.QUEUED if again else JobState.FAILED
    printer_id = _leave_printing(job_id, state, error, now=now)
    if printer_id:
        note_state(printer_id, error, seen=False, now=now)
    return printer_id is not None


def _leave_printing(
    job_id: int, state: JobState, error: str | None, *, now: datetime
) -> int | None:
    return db.session.scalar(
        update(PrintJob)
        .where(PrintJob.id == job_id, PrintJob.state == JobState.PRINTING)
        .values(state=state, error=error, changed_at=now)
        .returning(PrintJob.printer_id)
    )


def give_up(*, now: datetime) -> None:
    """Fail what waited too long, and what nobody can say of whether it was printed."""
    for state, overdue, error in (
        (JobState.QUEUED, _older(PrintJob.created_at, YOUNG, now), NOT_IN_TIME),
        (JobState.PRINTING, _older(PrintJob.changed_at, LONGEST_PRINT, now), UNKNOWN),
    ):
        reason = func.coalesce(PrintJob.error, error) if state == JobState.QUEUED else error
        db.session.execute(
            update(PrintJob)
            .where(PrintJob.state == state, overdue)
            .values(state=JobState.FAILED, error=reason, changed_at=now)
        )


def work_to_do(*, now: datetime) -> tuple[set[int], bool]:
    """Printers whose slips wait, and whether some slip is to be given up."""
    overdue = or_(
        and_(PrintJob.state == JobState.QUEUED, _older(PrintJob.created_at, YOUNG, now)),
        and_(PrintJob.state == JobState.PRINTING, _older(PrintJob.changed_at, LONGEST_PRINT, now)),
    )
    rows = db.session.execute(
        select(PrintJob.printer_id, PrintJob.state, overdue.label("overdue")).where(
            PrintJob.state.in_(UNDER_WAY)
        )
    ).all()
    waiting = {r.printer_id for r in rows if r.state == JobState.QUEUED and not r.overdue}
    return waiting, any(row.overdue for row in rows)


def _goes_on(ticket_id: Any) -> ColumnElement[bool]:
    """Whether the visit has not ended: nobody needs the slip of a number that was given up."""
    return exists().where(Turn.ticket_id == ticket_id, Turn.state.in_(IN_THE_QUEUE))


def _older(
    moment: InstrumentedAttribute[datetime], age: timedelta, now: datetime
) -> ColumnElement[bool]:
    """Older than that; also what lies as far ahead, written before the clock was put right."""
    return or_(moment < now - age, moment > now + age)


# ── For the staff ─────────────────────────────────────────────────────────────────────────────


def find_job(ticket_id: int) -> PrintJob | None:
    """The ticket's latest slip, or None."""
    return db.session.scalar(
        select(PrintJob).filter_by(ticket_id=ticket_id).order_by(PrintJob.copy.desc()).limit(1)
    )


def jobs_of(office: Office, *, now: datetime) -> list[JobView]:
    """The slips of today's numbers, the newest first; of each number the latest."""
    return _views(office.id, office.day(now), now)


def troubled_jobs(office: Office, *, now: datetime) -> list[JobView]:
    """Slips that visitors who still wait have not got, or perhaps not; the newest first."""
    waiting = exists().where(Turn.ticket_id == PrintJob.ticket_id, Turn.state == State.WAITING)
    trouble = or_(
        PrintJob.state == JobState.FAILED,
        and_(
            PrintJob.state.in_(UNDER_WAY),
            or_(PrintJob.error.is_not(None), _older(PrintJob.changed_at, SOON, now)),
        ),
    )
    return _views(office.id, office.day(now), now, waiting, trouble)


def _views(office_id: int, day: date, now: datetime, *wanted: ColumnElement[bool]) -> list[JobView]:
    newer = aliased(PrintJob)
    rows = db.session.execute(
        select(PrintJob, Ticket.token, Ticket.letter, Ticket.number, Printer.name)
        .join(Ticket, Ticket.id == PrintJob.ticket_id)
        .join(Printer, Printer.id == PrintJob.printer_id)
        .where(
            Ticket.office_id == office_id,
            Ticket.day == day,
            ~exists().where(newer.ticket_id == PrintJob.ticket_id, newer.copy > PrintJob.copy),
            *wanted,
        )
        .order_by(PrintJob.id.desc())
        .limit(SHOWN)
    )
    return [
        JobView(
            id=job.id,
            token=token,
            code=ticket_code(letter, number),
            copy=job.copy,
            printer=printer,
            state=JobState(job.state),
            error=job.error,
            created_at=job.created_at,
            seconds=max(0, int((now - job.created_at).total_seconds())),
        )
        for job, token, letter, number, printer in rows
    ]
