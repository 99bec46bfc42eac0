"""What stands on a slip of paper, in words: one text for the print page and for ESC/POS printers.

Always in Indonesian, as the board: paper has no language switch.
"""

from dataclasses import dataclass
from datetime import datetime

from babel.dates import format_date
from flask_babel import force_locale, gettext

from ruko import words
from ruko.db import db
from ruko.estimates import clock_estimate
from ruko.offices import Office, all_counters
from ruko.printing import Printer, PrintJob
from ruko.tickets import State, Ticket, Visit, get_visit

WIDE = 80


@dataclass(frozen=True, slots=True)
class Slip:
    """One slip, from top to bottom."""

    house: str
    office: str
    heading: str
    code: str
    bidang: str
    place: str | None
    token: str
    """Of the ticket; empty on a sample."""
    url: str
    invitation: str
    facts: tuple[tuple[str, str], ...]
    """What is asked and its answer, on one line each."""
    moment: str
    closing: tuple[str, ...]
    width: int
    """Of the paper, in millimetres."""


def slip_of(job: PrintJob, *, now: datetime) -> Slip:
    """The slip of a print job: the queue as it is now."""
    printer = db.session.get_one(Printer, job.printer_id)
    ticket = db.session.get_one(Ticket, job.ticket_id)
    office = db.session.get_one(Office, ticket.office_id)
    _, visit = get_visit(ticket.token, office_of=lambda _id: office, now=now)
    with force_locale(words.DEFAULT_LANGUAGE):
        again = gettext("Printed again at %(time)s.", time=words.clock(now, office))
        return Slip(
            house=office.house,
            office=office.name,
            heading=gettext("Queue number"),
            code=visit.code,
            bidang=visit.bidang_name,
            place=visit.place or _place(office, visit),
            token=ticket.token,
            url=job.url,
            invitation=gettext("Scan to follow your turn"),
            facts=_facts(office, visit, now),
            moment=_moment(office, visit.issued_at, printer.width),
            closing=(*_closing(office), *([again] if job.copy > 1 else [])),
            width=printer.width,
        )


def sample_slip(office: Office, width: int, url: str, *, now: datetime) -> Slip:
    """A slip that nobody can take for a number."""
    with force_locale(words.DEFAULT_LANGUAGE):
        return Slip(
            house=office.house,
            office=office.name,
            heading=gettext("Test print"),
            code="A-000",
            bidang=gettext("This is not a queue number"),
            place=None,
            token="",
            url=url,
            invitation=gettext("Scan to open RUKO"),
            facts=((gettext("Paper"), f"{width} mm"),),
            moment=_moment(office, now, width),
            closing=_closing(office),
            width=width,
        )


def _place(office: Office, visit: Visit) -> str | None:
    """The bidang's own counter, where it has exactly one."""
    own = [c.name for c in all_counters(office) if c.bidang_id == visit.bidang_id]
    return own[0] if len(own) == 1 else None


def _facts(office: Office, visit: Visit, now: datetime) -> tuple[tuple[str, str], ...]:
    facts = [(gettext("Coming from"), visit.village_name)] if visit.village_name else []
    if visit.state == State.WAITING:
        ahead = words.people(visit.people_ahead) if visit.people_ahead else gettext("nobody")
        facts += [
            (gettext("Ahead of you"), ahead),
            (gettext("Estimate"), _estimate(office, visit, now)),
        ]
    return tuple(facts)


def _estimate(office: Office, visit: Visit, now: datetime) -> str:
    known = clock_estimate(office, visit, now=now)
    if known["between"]:
        start, end = known["between"]
        return words.clock_span(start, end, office)
    return words.minutes_range(known["minutes"]) if known["minutes"] else gettext("not known yet")


def _moment(office: Office, moment: datetime, width: int) -> str:
    pattern = "EEEE, d MMMM y" if width >= WIDE else "EEE, d MMM y"
    day = format_date(office.day(moment), pattern, locale=words.language())
    return f"{day} · {words.clock(moment, office)} {office.zone_name}"


def _closing(office: Office) -> tuple[str, ...]:
    return (
        gettext("Passed over after %(count)s calls.", count=office.announcements_before_no_show),
        gettext("This service is free of charge."),
    )
