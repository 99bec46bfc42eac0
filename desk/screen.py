"""What the desk shows: who is here, who waits, and the day so far."""

from dataclasses import dataclass

from flask import Response, make_response, render_template

from desk.seat import Seat, choice_page, find_seat
from ruko import clock, words
from ruko.accounts import User
from ruko.errors import RukoError
from ruko.tickets import Queue, Visit, estimate, queue_of, visits_at_counters
from ruko.web import current_office, undo


@dataclass(frozen=True, slots=True)
class Screen:
    """One reading of the queue, from one seat."""

    seat: Seat
    queue: Queue
    here: Visit | None
    """Who is at this place."""
    is_mine: bool
    """Whether this account may act on the visitor who is here."""
    elsewhere: tuple[Visit, ...]
    """Who is with the same bidang at other places."""
    estimate: tuple[int, int] | None


def read_screen(user: User, seat: Seat) -> Screen:
    """The queue as it is now."""
    office, now = current_office(), clock.now()
    queue = queue_of(office, seat.bidang, now=now)
    here = None
    if seat.counter:
        here = visits_at_counters(office, now=now).get(seat.counter.id)
    return Screen(
        seat=seat,
        queue=queue,
        here=here,
        is_mine=here is not None and user.may_see(here.bidang_id),
        elsewhere=tuple(v for v in queue.current if not here or v.ticket_id != here.ticket_id),
        estimate=estimate(seat.bidang.id, len(queue.waiting), day=office.day(now), now=now),
    )


def screen_page(user: User, *, problem: str | None = None, status: int = 200) -> Response:
    """The whole desk page; without a seat, the page to choose one."""
    seat = find_seat(user)
    if seat is None:
        return make_response(choice_page(user), status)
    page = render_template(
        "desk/screen.html", screen=read_screen(user, seat), seat=seat, problem=problem
    )
    return make_response(page, status)


def refused(user: User, error: RukoError) -> Response:
    """What a rule refused, said above the present state of the desk."""
    undo()
    return screen_page(user, problem=words.sentence(error), status=error.status)
