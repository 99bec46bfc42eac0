"""The whole office at one glance: every bidang, the equipment, and slips that failed."""

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from desk.devices import Equipment, read_equipment
from desk.reception import reprinted
from desk.seat import staff_bar
from desk.staff import SEES_OFFICE, deciding_staff
from ruko import clock
from ruko.offices import Bidang, Closure, Office, Opening, all_bidang, closure_now, opening
from ruko.printing import JobView, troubled_jobs
from ruko.receipts import hearings
from ruko.tickets import Queue, Rest, State, breaks_now, estimate, queue_of
from ruko.web import current_office, once, sign_in_required

bp = Blueprint("operator", __name__)
bp.before_request(sign_in_required(*SEES_OFFICE))
bp.context_processor(staff_bar)


@dataclass(frozen=True, slots=True)
class Line:
    """One bidang now."""

    bidang: Bidang
    queue: Queue
    breaks: tuple[Rest, ...]
    estimate: tuple[int, int] | None
    longest_minutes: int | None
    """How long the one has waited who waits longest."""


@dataclass(frozen=True, slots=True)
class View:
    """One reading of the office."""

    lines: list[Line]
    hours: Opening
    closure: Closure | None
    equipment: Equipment
    troubled: list[JobView]
    unheard: frozenset[int]
    """Turns that are called and that no display has announced in time."""

    @property
    def waiting(self) -> int:
        return sum(len(line.queue.waiting) for line in self.lines)

    @property
    def served(self) -> int:
        return sum(line.queue.today.done for line in self.lines)


def read_office(office: Office, *, now: datetime) -> View:
    """The office as it is now."""
    breaks = breaks_now(office, now=now)
    lines = [_line(office, bidang, breaks, now) for bidang in all_bidang(office)]
    current = [visit for line in lines for visit in line.queue.current]
    called = [visit.turn_id for visit in current if visit.state == State.CALLED]
    heard = hearings(office, called, now=now)
    return View(
        lines=lines,
        hours=opening(office, now),
        closure=closure_now(office, now=now),
        equipment=read_equipment(office, now=now),
        troubled=troubled_jobs(office, now=now),
        unheard=frozenset(turn for turn, one in heard.items() if one.state == "unheard"),
    )


def _line(office: Office, bidang: Bidang, breaks: list[Rest], now: datetime) -> Line:
    queue = queue_of(office, bidang, now=now)
    waits = [(now - visit.entered_at).total_seconds() for visit in queue.waiting]
    return Line(
        bidang=bidang,
        queue=queue,
        breaks=tuple(rest for rest in breaks if rest.bidang_id == bidang.id),
        estimate=estimate(bidang.id, len(queue.waiting), day=office.day(now), now=now),
        longest_minutes=int(max(0.0, *waits) // 60) if waits else None,
    )


@bp.get("")
def show() -> ResponseReturnValue:
    """The page; its script keeps it up to date."""
    view = read_office(current_office(), now=clock.now())
    return render_template("desk/office.html", view=view)


@bp.get("/now")
def now() -> ResponseReturnValue:
    """The parts that change, for the page itself."""
    view = read_office(current_office(), now=clock.now())
    return render_template("desk/_office.html", view=view)


@bp.post("/slips/<token>")
def print_again(token: str) -> ResponseReturnValue:
    """Print a slip once more that failed."""
    user = deciding_staff()
    if done := once(user):
        return done
    return reprinted(token, None, user, make_response(redirect(url_for("operator.show"), 303)))
